"""Malloc is told to keep memory only where it is glibc's."""

from __future__ import annotations

import platform

import pytest

from ecg_live.freed_memory import keep_freed_memory


def test_malloc_is_told_on_glibc_only(monkeypatch: pytest.MonkeyPatch) -> None:
    assert keep_freed_memory() is (platform.libc_ver()[0] == "glibc")
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    assert not keep_freed_memory()
