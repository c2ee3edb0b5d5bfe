"""What every view is given: the engine, the mediator between views, threads and remembered preferences."""
