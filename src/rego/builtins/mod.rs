//! Builtin functions as OPA has them, where the engine lacks them or differs.
