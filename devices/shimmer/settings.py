"""Settings of a Shimmer: rate, gain, lead and width of samples, and the chips' registers for them."""

from __future__ import annotations

from dataclasses import dataclass

from devices.shimmer.protocol import LEADS, TICK_RATE_HZ
from ecg_live.errors import ConfigError

_MIN_RATE_HZ, _MAX_RATE_HZ = 128.0, 1024.0
_VREF_MV = 2420.0  # of the ADS1292R
# ADS1292R, data sheet SBAS502C: gain in bits 6-4 of CH1SET and CH2SET.
_GAIN_CODES = {6: 0, 1: 1, 2: 2, 3: 3, 4: 4, 8: 5, 12: 6}
# Shimmer's ECG set-up (docs/pages/protocols.md) without gain and converter rate, and with DC lead-off detection as in
# the same data sheet: comparators on (CONFIG2 bit 6); LOFF's 0x10 is already 95 % threshold and 6 nA; LOFF_SENS selects
# IN1P, IN1N, IN2P of chip 1 = LL, RA, LA, and IN2P of chip 2 = Vx. IN2N of chip 1 is RA again, and would double its
# current. RL cannot be sensed while it is driven (data sheet, "RLD lead-off detection during normal operation"), so
# that RLD_SENS is unchanged.
_BASE_REGISTERS = (
    bytes.fromhex("00 E0 10 00 00 2D 07 00 02 03"),
    bytes.fromhex("00 E0 10 00 07 00 04 00 02 01"),
)
_CHANNEL_REGISTERS = 3, 4  # CH1SET, CH2SET
_CLOCK_OUT_BIT = 0x08  # CONFIG2 bit 3: boards since SR47-4 set it on chip 1 by themselves


@dataclass(frozen=True, slots=True)
class ShimmerSettings:
    """The user's settings, validated.

    Raises
    ------
    ConfigError
        A setting is invalid; the message names the valid ones.
    """

    rate: float = 512.0
    gain: int = 4
    lead: str = "LL-RA"
    bits: int = 24

    def __post_init__(self) -> None:
        if self.gain not in _GAIN_CODES:
            known = ", ".join(map(str, sorted(_GAIN_CODES)))
            raise ConfigError(f"a gain of {self.gain}; a Shimmer has {known}", "4 is usual")
        if self.lead not in LEADS:
            raise ConfigError(f"no lead {self.lead!r}; a Shimmer has {', '.join(LEADS)}", "LL-RA is lead II")
        if self.bits not in (16, 24):
            raise ConfigError(f"samples of {self.bits} bits; a Shimmer has 16 and 24", "24 is usual")
        if not _MIN_RATE_HZ <= self.rate <= _MAX_RATE_HZ:
            raise ConfigError(
                f"a rate of {self.rate:g} Hz, expected {_MIN_RATE_HZ:g} to {_MAX_RATE_HZ:g}", "512 is usual"
            )
        if abs(self.divider - TICK_RATE_HZ / self.rate) > 1e-3:
            raise ConfigError(
                f"a rate of {self.rate:g} Hz; a Shimmer's clock of 32768 Hz divides into 128, 256, 512, 1024 Hz and any"
                f" other 32768 / n, such as {TICK_RATE_HZ / self.divider:.6g}",
                "512 is usual",
            )

    @property
    def divider(self) -> int:
        """Ticks per sample."""
        return round(TICK_RATE_HZ / self.rate)

    @property
    def mv_per_count(self) -> float:
        """Size of one count in mV."""
        if self.bits == 16:
            return _VREF_MV / (2 * self.gain) / (2**15 - 1)
        return _VREF_MV / self.gain / (2**23 - 1)

    @property
    def full_scale(self) -> tuple[float, float]:
        """Lowest and highest value in mV."""
        top = 2 ** (self.bits - 1)
        return -top * self.mv_per_count, (top - 1) * self.mv_per_count

    @property
    def sensors(self) -> bytes:
        """The three sensor bytes that select both ECG chips (LogAndStream firmware, shimmer.h: SENSOR_EXG1_24BIT)."""
        return bytes.fromhex("18 00 00") if self.bits == 24 else bytes.fromhex("00 00 18")

    def registers(self, chip: int) -> bytes:
        """Return the ten registers of chip 0 or 1, from CONFIG1."""
        registers = bytearray(_BASE_REGISTERS[chip])
        registers[0] |= sum(
            self.rate >= limit for limit in (125, 250, 500, 1000)
        )  # the converter's rate is at least the sampling rate
        for place in _CHANNEL_REGISTERS:
            registers[place] |= _GAIN_CODES[self.gain] << 4
        return bytes(registers)

    def accepts(self, chip: int, read: bytes) -> bool:
        """Whether a chip's registers, read back, are those written."""
        expected = bytearray(self.registers(chip))
        if chip == 0 and len(read) == len(expected):
            expected[1] |= read[1] & _CLOCK_OUT_BIT
        expected[7:8] = read[7:8]  # LOFF_STAT is read-only
        return read == bytes(expected)
