"""Set-up of what the project runs with: toolchain, pins, caches."""
