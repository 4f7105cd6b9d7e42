"""bumble's virtual controller, with what it leaves out: scan responses, and taking back a connection attempt."""

from __future__ import annotations

import asyncio

from bumble import hci, ll
from bumble.controller import Controller


class VirtualController(Controller):
    rssi = -50  # dBm that others hear it with

    def on_hci_le_create_connection_cancel_command(
        self, _command: hci.HCI_LE_Create_Connection_Cancel_Command
    ) -> hci.HCI_StatusReturnParameters:
        if self.pending_le_connection is not None:
            asyncio.get_running_loop().call_soon(self._cancelled, self.pending_le_connection.peer_address)
            self.pending_le_connection = None
        return super().on_hci_le_create_connection_cancel_command(_command)

    def on_advertising_pdu(self, pdu: ll.AdvInd | ll.AdvExtInd) -> None:
        kinds = hci.HCI_LE_Extended_Advertising_Report_Event.EventType
        if self.le_scan_enable:
            self._report(pdu, kinds.CONNECTABLE_ADVERTISING | kinds.SCANNABLE_ADVERTISING, pdu.data)
            sets = self._sender(pdu.advertiser_address).advertising_sets.values()
            self._report(pdu, kinds.SCAN_RESPONSE, b"".join(bytes(one.scan_response_data) for one in sets))
        pending = self.pending_le_connection
        if pending is not None and pending.peer_address == pdu.advertiser_address:
            self.create_le_connection(pdu.advertiser_address)

    def lose(self, reason: int = hci.HCI_CONNECTION_TIMEOUT_ERROR) -> None:
        """Notice on both sides that nothing was heard for the supervision time-out."""
        for mine in list(self.le_connections.values()):
            other = self.link.find_le_controller(mine.peer_address)
            theirs = other.le_connections.get(mine.self_address) if other is not None else None
            self.on_le_disconnected(mine, reason)
            if other is not None and theirs is not None:
                other.on_le_disconnected(theirs, reason)

    def _sender(self, address: hci.Address) -> VirtualController:
        sender = self.link.find_le_controller(address)
        assert isinstance(sender, VirtualController)
        return sender

    def _report(self, pdu: ll.AdvInd | ll.AdvExtInd, kind: int, data: bytes) -> None:
        address = pdu.advertiser_address
        report = hci.HCI_LE_Extended_Advertising_Report_Event.Report(
            event_type=kind,
            address_type=address.address_type,
            address=address,
            primary_phy=hci.Phy.LE_1M,
            secondary_phy=hci.Phy.LE_1M,
            advertising_sid=0,
            tx_power=0,
            rssi=self._sender(address).rssi,
            periodic_advertising_interval=0,
            direct_address_type=0,
            direct_address=hci.Address.ANY,
            data=data,
        )
        self.send_hci_packet(hci.HCI_LE_Extended_Advertising_Report_Event([report]))

    def _cancelled(self, address: hci.Address) -> None:
        self.send_hci_packet(
            hci.HCI_LE_Connection_Complete_Event(
                status=hci.HCI_UNKNOWN_CONNECTION_IDENTIFIER_ERROR,
                connection_handle=0,
                role=hci.Role.CENTRAL,
                peer_address_type=address.address_type,
                peer_address=address,
                connection_interval=0,
                peripheral_latency=0,
                supervision_timeout=0,
                central_clock_accuracy=0,
            )
        )
