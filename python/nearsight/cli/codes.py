"""Exit codes, as grep and the shells have them."""

OK = 0  # done, or something was found
NOTHING = 1  # nothing was found, and nothing went wrong
USAGE = 2  # the command line cannot be understood
FAILURE = 3  # something went wrong; a message says what
INTERRUPTED = 130  # Ctrl-C: 128 + SIGINT
BROKEN_PIPE = 141  # the reader of our output left: 128 + SIGPIPE
