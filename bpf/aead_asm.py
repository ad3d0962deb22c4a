#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
Writes the cipher's two inner loops as BPF assembly, a C header (bpf/aead_fast.h includes it).

    aead_asm.py > aead_asm.h

BPF has ten registers, no rotation, no upper half of a product. What a compiler makes of two blocks of ChaCha20,
32 words, spends its time with spilling. Here the two blocks take turns, so that one computes while the other waits;
each register is given up for the word whose next use is farthest (Belady), a word is written back only if it has
changed; and the loop ends with the registers as it began.

The key stream comes in two versions. One rotates by two shifts and an or, four instructions; the other as
x * (2^32 + 1) >> (32 - bits), two of longer latency, and a register for the factor. Which is faster is up to the
processor: Intel's gain a sixth by the second, AMD's lose a twentieth by it (loader/cipher.h; tests/bench/cipher.c tells).
"""
import sys

WORDS, ROUNDS = 16, 10
CONSTANTS = (0x61707865, 0x3320646e, 0x79622d32, 0x6b206574)
COUNTER = 12
COLUMNS = ((0, 4, 8, 12), (1, 5, 9, 13), (2, 6, 10, 14), (3, 7, 11, 15))
DIAGONALS = ((3, 4, 9, 14), (2, 7, 8, 13), (1, 6, 11, 12), (0, 5, 10, 15))
# Of struct aead_job; bpf/aead_fast.h asserts them.
STREAM, SUM, KEY, FOLDED = 88, 216, 248, 264
# On the stack: 64-bit words first, where the verifier (6.1) keeps them; then the words of both blocks.
ROUNDS_LEFT, JOB = -8, -16
PIECE = -8
STACK = JOB - 4 * 2 * WORDS


def slot(word):
    block, number = word
    return STACK + 4 * (block * WORDS + number)


def half(register):
    return "w" + register[1:]


def load(register, base, offset, bits=32):
    return f"{register} = *(u{bits} *)({base} {offset:+d})"


def store(base, offset, register, bits=32):
    return f"*(u{bits} *)({base} {offset:+d}) = {half(register) if bits == 32 else register}"


# --- ChaCha20 ------------------------------------------------------------------------

def step(block, a, b, d, bits):
    """a += b; d = rotate(d ^ a)."""
    a, b, d = (block, a), (block, b), (block, d)
    return [("+=", a, b), ("^=", d, a), ("rotate", d, bits)]


def half_rounds(block, a, b, c, d):
    """A quarter round (RFC 8439 section 2.1) in two halves."""
    return (step(block, a, b, d, 16) + step(block, c, d, b, 12), step(block, a, b, d, 8) + step(block, c, d, b, 7))


def double_round():
    operations = []
    for quarter in COLUMNS + DIAGONALS:
        both = half_rounds(0, *quarter), half_rounds(1, *quarter)
        operations += both[0][0] + both[1][0] + both[0][1] + both[1][1]
    return operations


class Registers:
    """Turns operations on words into instructions. `held`: the register of each word that has one."""

    def __init__(self, operations, multiplied, held):
        self.operations, self.multiplied, self.held = operations, multiplied, dict(held)
        self.free = [f"r{i}" for i in range(9 if multiplied else 10) if f"r{i}" not in held.values()]
        self.changed = set(held)
        self.code = []
        for now, operation in enumerate(operations):
            self.translate(now, *operation)

    @staticmethod
    def words(operation):
        return [word for word in operation[1:] if isinstance(word, tuple)]

    def next_use(self, word, now):
        later = self.operations[now:] + self.operations
        return next(i for i, operation in enumerate(later) if word in self.words(operation))

    def give_up(self, word):
        register = self.held.pop(word)
        if word in self.changed:
            self.code.append(store("r10", slot(word), register))
            self.changed.remove(word)
        return register

    def take(self, now, kept):
        if self.free:
            return self.free.pop()
        return self.give_up(max((word for word in self.held if word not in kept), key=lambda word:
                                self.next_use(word, now) + (6 if word not in self.changed else 0)))

    def get(self, word, now, kept):
        if word not in self.held:
            register = self.take(now, kept)
            self.code.append(load(register, "r10", slot(word)))
            self.held[word] = register
        return self.held[word]

    def translate(self, now, what, word, other):
        kept = self.words((what, word, other))
        target = self.get(word, now, kept)
        if what != "rotate":
            self.code.append(f"{half(target)} {what} {half(self.get(other, now, kept))}")
        elif self.multiplied:
            self.code += [f"{target} *= r9", f"{target} >>= {32 - other}"]
        else:
            copy = self.take(now, kept)
            self.code += [f"{half(copy)} = {half(target)}", f"{half(target)} <<= {other}",
                          f"{half(copy)} >>= {32 - other}", f"{half(target)} |= {half(copy)}"]
            self.free.append(copy)
        self.changed.add(word)

    def settle(self, wanted):
        """Ends with the words of `wanted` in their registers, all others in their slots."""
        for word, register in list(self.held.items()):
            if wanted.get(word) != register:
                self.give_up(word)
        self.code += [load(register, "r10", slot(word)) for word, register in wanted.items() if word not in self.held]


def rounds(multiplied):
    """The loop's body and the words that are in registers where it begins: those that it ends with by itself."""
    operations = double_round()
    held = Registers(operations, multiplied, {}).held
    shortest = None
    for _ in range(6):
        registers = Registers(operations, multiplied, held)
        after = dict(registers.held)
        registers.settle(held)
        if shortest is None or len(registers.code) < len(shortest[0]):
            shortest = registers.code, held
        held = after
    return shortest


def start():
    """The state that both blocks start from (RFC 8439 section 2.3), job in r1; the second one's counter is one more."""
    code = []
    for number in (0, 2):
        code += [f"r2 = {CONSTANTS[number] | CONSTANTS[number + 1] << 32} ll"]
        code += [store("r10", slot((block, number)), "r2", 64) for block in (0, 1)]
    for number in range(4, WORDS, 2):
        code += [load("r2", "r1", 4 * (number - 4), 64)]
        code += [store("r10", slot((block, number)), "r2", 64) for block in (0, 1)]
    return code + [load("r2", "r1", 4 * (COUNTER - 4)), "w2 += 1", store("r10", slot((1, COUNTER)), "r2")]


def finish():
    """Adds what the blocks started from; job in r1."""
    code = []
    for number in range(0, WORDS, 2):
        for register, word in (("r4", number), ("r5", number + 1)):
            code += [f"w{register[1]} = {CONSTANTS[word]}" if word < 4 else load(register, "r1", 4 * (word - 4))]
        for block in (0, 1):
            code += [load("r2", "r10", slot((block, number))), load("r3", "r10", slot((block, number + 1)))]
            code += ["w4 += 1"] if block and number == COUNTER else []
            code += ["w2 += w4", "w3 += w5", "r3 <<= 32", "r2 |= r3"]
            code += [store("r1", STREAM + 64 * block + 4 * number, "r2", 64)]
    return code


def chacha20_pair(multiplied):
    """Job in r1, in the end too; its counter is left as it is."""
    body, held = rounds(multiplied)
    code = [store("r10", JOB, "r1", 64)] + start()
    code += [f"r2 = {ROUNDS}", store("r10", ROUNDS_LEFT, "r2", 64)]
    code += [load(register, "r10", slot(word)) for word, register in held.items()]
    code += [f"r9 = {1 << 32 | 1} ll"] if multiplied else []
    code += ["1:"] + body
    # The last one lends its register to the count.
    lender, register = list(held.items())[-1]
    code += [store("r10", slot(lender), register), load(register, "r10", ROUNDS_LEFT, 64), f"{register} += -1",
             store("r10", ROUNDS_LEFT, register, 64), f"if {register} == 0 goto 2f",
             load(register, "r10", slot(lender)), "goto 1b", "2:"]
    code += [store("r10", slot(word), register) for word, register in held.items() if word != lender]
    return code + [load("r1", "r10", JOB, 64)] + finish()


# --- XOR and Poly1305 ----------------------------------------------------------------

def word_in(at, sealing, low, high, x, y):
    """The 8 bytes at `at` of the piece (r0) through the key stream, the ciphertext added to two limbs."""
    cipher, other = (x, y) if sealing else (y, x)
    return [load(y, "r0", at, 64), load(x, "r1", STREAM + at, 64), f"{x} ^= {y}", store("r0", at, x, 64),
            f"{half(other)} = {half(cipher)}", f"{low} += {other}", f"{cipher} >>= 32", f"{high} += {cipher}"]


def columns(h, d):
    """Each limb of r is loaded where it is needed; h[0], known last, is used last."""
    code = []
    for i in range(4):
        for j in (1, 2, 3, 0):
            limb = KEY + 4 * (i - j) if j <= i else FOLDED + 4 * (4 + i - j)
            into = d[i] if j == 1 else "r0"
            code += [load(into, "r1", limb), f"{into} *= {h[j]}"]
            code += [f"{d[i]} += r0"] if into == "r0" else []
    return code


def carries(d):
    code = []
    for i in range(3):
        code += [f"r0 = {d[i]}", "r0 >>= 32", f"{d[i + 1]} += r0", f"{half(d[i])} = {half(d[i])}"]
    return code + [f"r0 = {d[3]}", "r0 >>= 34", f"{d[3]} <<= 30", f"{d[3]} >>= 30", f"{d[0]} += r0", "r0 <<= 2",
                   f"{d[0]} += r0"]


def aead_pair(sealing):
    """Job in r1, piece in r2. Column by column as bpf/poly1305.h does."""
    code = [store("r10", PIECE, "r2", 64)]
    h, d = ["r2", "r3", "r4", "r5"], ["r6", "r7", "r8", "r9"]
    code += [load(register, "r1", SUM + 8 * i, 64) for i, register in enumerate(h)]
    for at in range(0, 128, 16):
        code += [load("r0", "r10", PIECE, 64)]
        code += word_in(at, sealing, h[0], h[1], d[0], d[1]) + word_in(at + 8, sealing, h[2], h[3], d[2], d[3])
        code += [f"r0 = {1 << 32} ll", f"{h[3]} += r0"] + columns(h, d) + carries(d)
        h, d = d, h
    return code + [store("r1", SUM + 8 * i, register, 64) for i, register in enumerate(h)]


# -------------------------------------------------------------------------------------

def define(name, code):
    lines = [f'"{line}{"" if line.endswith(":") else ";"} "' for line in code]
    print(f"#define {name} \\\n\t" + " \\\n\t".join(lines) + "\n")


def main():
    print("/* Written by bpf/aead_asm.py. */")
    for name, offset in ("STREAM", STREAM), ("SUM", SUM), ("KEY", KEY), ("FOLDED", FOLDED):
        print(f"#define AEAD_ASM_{name} {offset}")
    define("CHACHA20_PAIR_SHIFT_ASM", chacha20_pair(False))
    define("CHACHA20_PAIR_MULTIPLY_ASM", chacha20_pair(True))
    define("AEAD_SEAL_ASM", aead_pair(True))
    define("AEAD_OPEN_ASM", aead_pair(False))


if __name__ == "__main__":
    sys.exit(main())
