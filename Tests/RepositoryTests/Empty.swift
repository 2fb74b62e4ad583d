// Begins empty; its owner replaces this file.
