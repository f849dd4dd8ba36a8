"""Reachability, routing, failover and keys of the mesh: which node reaches which over wg0, and by which path."""
