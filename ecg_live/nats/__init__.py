"""Streams of many wearers on NATS JetStream: names, frames, connection, server, leases, readers and writers."""
