"""The event data of projects: importing it into the engine, and the definitions of events and properties."""
