"""The event data of projects: imports into the engine, and the definitions of events and properties."""
