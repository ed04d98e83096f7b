"""Records texts that the real ansible-vault code sealed, with fixed salts, for Tests/VaultTests.

Run with the Python of an environment that has ansible-core 2.19:
    python Tests/Oracle/record_vault.py
"""
import pathlib

from ansible.parsing.vault import VaultLib, VaultSecret

cases = pathlib.Path(__file__).resolve().parent.parent / "VaultTests" / "Cases"
texts = {
    "empty": b"",
    "one": b"x",
    "fifteen": b"123456789012345",
    "sixteen": b"1234567890123456",
    "seventeen": b"12345678901234567",
    "lines": "password: gehéim\nport: 5432\n".encode(),
    "binary": bytes(range(256)),
    "long": b"0123456789abcdef" * 300,
}
for name, plain in texts.items():
    for label, password in (("default", b"swordfish"), ("prod", "pässwörd mit blanks".encode())):
        salt = f"salt-of-{name}-{label}".ljust(32, ".")
        sealed = VaultLib().encrypt(plain, VaultSecret(password), vault_id=label, salt=salt)
        (cases / f"{name}.{label}.vault").write_bytes(sealed)
    (cases / f"{name}.plain").write_bytes(plain)
