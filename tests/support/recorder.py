"""A connection that keeps what passes through it."""

from pynn_hx.targets import connect


class Tape:
    """Connection to an emulator that records programs and responses."""

    def __init__(self, target="emulator:"):
        self._inner = connect(target)
        self.identifier = self._inner.identifier
        self.programs, self.responses = [], []

    def execute(self, words):
        answer = self._inner.execute(words)
        self.programs.append(words.copy())
        self.responses.append(answer.copy())
        return answer

    def close(self):
        self._inner.close()
