"""The event-sourced machine of one execution: `machine.Run` is the door, `apply` the only mutation."""
