"""What tests share: real servers, backends, connection faults, processes, and readers of the source."""
