"""The runners: the only code that sends effects to Redis and receives replies."""
