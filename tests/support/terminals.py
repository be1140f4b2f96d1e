"""A pseudo-terminal with a program on it, and what a person would see there."""

import fcntl
import os
import re
import struct
import subprocess
import termios

# Text, or one of the few things that the terminal is told to do.
TOKEN = re.compile(r"\033\[J|\033\[[0-9;]*m|\r|\n|\a|[^\0-\x1f\x7f-\x9f]")


class Terminal:
    """A program on a terminal of its own: ``argv`` with stdin, stdout and stderr there, unless ``stdout`` is a file."""

    def __init__(self, argv, cwd, environment, columns=80, stdout=None):
        self.columns = columns
        self.received = b""
        self._seen = 0
        self._master, slave = os.openpty()
        self.resize(columns)
        self.process = subprocess.Popen(
            argv,
            cwd=str(cwd),
            env=environment,
            stdin=slave,
            stdout=slave if stdout is None else stdout,
            stderr=slave,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(2, termios.TIOCSCTTY, 0),
        )
        os.close(slave)

    def __repr__(self):
        return "a terminal that shows %r" % self.received

    def resize(self, columns):
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def type(self, keys):
        os.write(self._master, keys)

    def until(self, expected):
        """Read until ``expected`` comes after what earlier calls have waited for."""
        while expected not in self.received[self._seen :]:
            assert self._read(), "the program ended without %r: %r" % (expected, self.received)
        self._seen = self.received.index(expected, self._seen) + len(expected)

    def end(self):
        """Read up to the end of the program and return its exit status."""
        while self._read():
            pass
        return self.process.wait()

    def close(self):
        """Take the terminal away; a program that a failed test has left there gets SIGHUP, and SIGTERM."""
        os.close(self._master)
        self.process.terminate()
        self.process.wait()

    def _read(self):
        try:
            data = os.read(self._master, 65536)
        except OSError:  # EIO: nobody has the other side open any more (Linux)
            data = b""
        self.received += data
        return bool(data)

    @property
    def screen(self):
        """The lines that stand on a terminal of unlimited height in the end; the last is where the cursor is."""
        return shown(self.received.decode("utf-8"), self.columns)


def shown(text, columns):
    """Return the lines that ``text`` leaves on a screen; fail on what no simple terminal understands."""
    lines, row, column = [[]], 0, 0
    assert TOKEN.sub("", text) == ""
    for token in TOKEN.findall(text):
        if token == "\r":
            column = 0
        elif token == "\n":
            row += 1
        elif token == "\033[J":
            del lines[row][column:]
            del lines[row + 1 :]
        elif token[0] != "\033":
            if column == columns:
                row, column = row + 1, 0
            lines += [[] for _ in range(row + 1 - len(lines))]
            lines[row] += [" "] * (column + 1 - len(lines[row]))
            lines[row][column] = token
            column += 1
        lines += [[] for _ in range(row + 1 - len(lines))]
    return ["".join(line) for line in lines]
