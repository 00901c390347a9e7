package b.c

import data.a

warn contains sprintf("a said %v", [count(a.deny)]) if true
