"""Settings of a BITalino: rate, ports, and the one with the ECG."""

from __future__ import annotations

from dataclasses import dataclass

from devices.bitalino.protocol import PORT_NAMES, RATES_HZ, FrameLayout
from ecg_live.errors import ConfigError

DEFAULT_ECG_PORT = "A2"  # where the board kit has its ECG sensor (BITalino (r)evolution Board Kit, data sheet)
DEFAULT_RATE_HZ = 1000.0
_SUPPLY_MV = 3300.0
_ECG_GAIN = 1100.0  # of the ECG sensor (its data sheet)


@dataclass(frozen=True, slots=True)
class BitalinoSettings:
    """The user's settings, validated; ``ports`` in ascending order.

    Raises
    ------
    ConfigError
        A setting is invalid; the message names the valid ones.
    """

    rate: float = DEFAULT_RATE_HZ
    ports: tuple[str, ...] = (DEFAULT_ECG_PORT,)
    ecg: str = DEFAULT_ECG_PORT

    def __post_init__(self) -> None:
        if self.rate not in RATES_HZ:
            known = ", ".join(map(str, RATES_HZ))
            raise ConfigError(f"a rate of {self.rate:g} Hz; a BITalino has {known}", "1000 is usual")
        for port in (*self.ports, self.ecg):
            if port not in PORT_NAMES:
                raise ConfigError(
                    f"no channel {port!r}; a BITalino has {', '.join(PORT_NAMES)}", "several: channels=A1+A2"
                )
        if self.ecg not in self.ports:
            raise ConfigError(
                f"ecg={self.ecg} is not among the channels {'+'.join(self.ports)}", f"add {self.ecg} to channels"
            )
        object.__setattr__(self, "ports", tuple(sorted(set(self.ports))))

    @classmethod
    def parse(cls, rate: float, channels: str | None, ecg: str | None) -> BitalinoSettings:
        """Read settings as in ``channels=A1+A2,ecg=A2``; the first channel has the ECG if A2 is not among them."""
        ports = tuple(port.strip().upper() for port in channels.split("+")) if channels else ()
        default = ports[0] if ports and DEFAULT_ECG_PORT not in ports else DEFAULT_ECG_PORT
        ecg = ecg.strip().upper() if ecg else default
        return cls(rate, ports or (ecg,), ecg)

    @property
    def layout(self) -> FrameLayout:
        """Positions in a data frame."""
        return FrameLayout(len(self.ports))

    @property
    def ecg_place(self) -> int:
        """Place of the ECG among the ports."""
        return self.ports.index(self.ecg)

    @property
    def ecg_bits(self) -> int:
        """Width of the ECG's samples, 10 or 6."""
        return self.layout.bits[self.ecg_place]

    @property
    def mv_per_count(self) -> float:
        """Size of one count of the ECG in mV, at the skin."""
        return _SUPPLY_MV / _ECG_GAIN / (1 << self.ecg_bits)

    @property
    def zero_count(self) -> int:
        """Count of 0 mV."""
        return 1 << (self.ecg_bits - 1)

    @property
    def full_scale(self) -> tuple[float, float]:
        """Lowest and highest value of the ECG in mV."""
        return -self.zero_count * self.mv_per_count, (self.zero_count - 1) * self.mv_per_count

    @property
    def other_places(self) -> tuple[int, ...]:
        """Places of the ports without the ECG."""
        return tuple(place for place in range(len(self.ports)) if place != self.ecg_place)

    @property
    def other_mv_per_count(self) -> tuple[float, ...]:
        """Size of one count at each other port in mV: no sensor's gain is known."""
        return tuple(_SUPPLY_MV / (1 << self.layout.bits[place]) for place in self.other_places)
