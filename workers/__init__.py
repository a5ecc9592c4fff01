"""What runs in the background: the queue in the process, the manager, the updater, the CPU pool, the command line."""
