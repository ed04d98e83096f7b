#!/nope
