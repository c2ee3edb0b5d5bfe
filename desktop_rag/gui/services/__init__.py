"""What every view uses: the engine, the mediator, threads, errors, pictures and preferences."""
