"""The command line: one small file per group of commands. Nothing heavy is imported before a command runs.

Exit codes of all commands: 0 done; 1 it ran, and the answer is no (a feed that fails, a name that is taken);
2 wrong use or wrong settings; 3 it cannot start (port taken, data folder not writable, database not usable).
"""
