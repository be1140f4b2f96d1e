"""Which verb is called, its options, and the exit status. The only module that reads sys.argv."""


def main() -> int:
    """Run the verb that the invocation names and return the exit status (section 1 of the contract)."""
    return 2
