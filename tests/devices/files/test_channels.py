"""One rule for what is an ECG channel, in files and in LSL streams."""

from __future__ import annotations

import pytest

from devices.files import channels
from devices.files.channels import ECG, describe_channel, kind_of


@pytest.mark.parametrize(
    "label",
    ["ECG", "ecg_uv", "EKG II", "ECG_LL-RA_24BIT", "ECG LA-RA", "LL-RA", "Vx-RL", "II", "lead_ii", "Lead 1", "aVF",
     "V5", "MLII", "EEG ECG", "EEG EKG1-REF", "POL ECG", "ECG raw", "ECGBIT", "ECG1",
     "Electrocardiogram", "ECG filtered",
     "ECG_EMG_24BIT", "ECG counts"],
)  # fmt: skip
def test_ecg(label: str) -> None:
    assert kind_of(label) == ECG


@pytest.mark.parametrize(
    "label",
    [
     "EKG Rate",
     "ECG HR", "ECG_HR", "ECGtoHR_LL_RA", "Shimmer_86A5_ECGtoHR_LL_RA", "ECG_IBI_LL_RA", "ECG IBI", "ECG Quality",
     "ECGQuality", "ecg_rr", "RR interval", "ECG_RRI", "ECG heart rate", "ECG_bpm", "ECG_EMG_Status1", "ECG lead-off",
     "ECG_R_peaks", "ECG beats", "ECG1_Battery", "ECG1_Timestamp_Unix", "ECG_time", "ECG1_Accel_LN_X", "ECG_RESP_24BIT",
     "ecg_label", "ECG trigger", "ECG SQI", "EEG", "EEGBIT", "RESPBIT", "ACC X", "Resp", "SpO2", "Temp rectal"],
)  # fmt: skip
def test_what_is_derived_from_an_ecg_or_stands_beside_it_is_none(label: str) -> None:
    assert kind_of(label) not in ("", ECG)


def test_what_is_not_known_says_nothing() -> None:
    assert [kind_of(text) for text in ("", "A1", "CH1", "amplitude", "Fz")] == [""] * 5


def test_the_most_telling_text_decides() -> None:
    assert describe_channel("x", "ECG HR", "ECG", "ECG").kind == "HR"  # the label of a channel in a stream of ECG
    assert describe_channel("x", "channel 1", "", "ECG").kind == ECG
    assert describe_channel("x", "Resp", "ECG electrode").kind == "RESP"
    assert describe_channel("x", "A1", "unheard of", kind="unheard of") == channels.OfferedChannel("x", "unheard of")
    assert (
        describe_channel("ECG", "RAW", "ECG", kind="RAW").kind == ECG
    )  # a sensor that OpenSignals was not told the kind of
    assert describe_channel("A1", "RAW", "A1", kind="RAW").kind == "RAW"
