"""
The event-sourced machine of one execution: `machine.Run` is the door, `apply` the only mutation.

State → commands: `next_step` says what a line waits for, `schedule` what may be asked now. Reply → events: `interpret`.
What is known of a line → its event: `verdict`, also what follows a FAILED record. Time → events: `timers`. Event → state:
`apply`, with the table of `transitions`; `state`, `lane_state` and `product_state` hold what is known. `commands`,
`replies`, `events` (on disk) and `observations` (not on disk) are the vocabularies.
"""
