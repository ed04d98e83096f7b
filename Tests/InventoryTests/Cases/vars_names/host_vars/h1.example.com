x: full
