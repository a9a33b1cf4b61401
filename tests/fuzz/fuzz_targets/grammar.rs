//! Programs of the statements that a config may have.

use libfuzzer_sys::arbitrary::Unstructured;

/// Statements that hardly ever are an error, which ends a program: `@d` stands for a dict, `@t` for a tuple.
const SAFE: &[&str] = &[
    "@d['a'] = @@",
    "@d['a'] = @d",
    "@d.update(@d)",
    "@t = (@@,) * @i",
    "for i in range(3): @t = (@@,) * 1000",
    "@t = (@t, @t)",
    "x = {@t: 1}",
    "x = @t == @t",
    "x = @i in range(@i, @i, @i)",
    "x = @d == @d",
    "x = [@d, @t]",
    "for i in range(@i):\n@b",
];

/// Statements. `@n` stands for a name and `@@` for the same name again, `@e` for an expression, `@i` for an integer, `@s`
/// for a string, `@b` for a block.
const STATEMENTS: &[&str] = &[
    "@n = @e",
    "@n = @n",
    "@n = _base_",
    "@n = {}",
    "@n = []",
    "@n = (@n,) * @i",
    "for i in range(3): @n = (@@,) * @i",
    "for i in range(@i): @n = [@@, @@]",
    "@n['a'] = @@",
    "@n.append(@@)",
    "@n = set(range(@i))",
    "@n = list(range(@i))",
    "@n = {i: i for i in range(@i)}",
    "@n = @s * @i",
    "@n[@s] = @n",
    "@n[@e] = @e",
    "@n[@i:@i] = @e",
    "@n.append(@n)",
    "@n.extend(@n)",
    "@n.update(@n)",
    "@n.update(@s, @n)",
    "@n.setdefault(@s, @n)",
    "@n.insert(@i, @n)",
    "@n.sort()",
    "@n += @n",
    "@n *= @i",
    "@n |= @n",
    "@n, *@n = @e",
    "del @n[@i]",
    "del @n[@i:@i:@i]",
    "@e",
    "assert @e, @n",
    "for @n in range(@i):\n@b",
    "for @n in @e:\n@b",
    "while @e:\n@b",
    "if @e:\n@b",
    "def f(@n, *args, **kwargs):\n@b",
    "f = lambda @n=@e: @e",
    "import os, copy, math, itertools, other",
];

const EXPRESSIONS: &[&str] = &[
    "@n",
    "@i",
    "@s",
    "@n + @n",
    "@n - @n",
    "@n * @i",
    "@n % @n",
    "@n | @n",
    "@n & @n",
    "@i // @i",
    "@i % @i",
    "@i ** @i",
    "@i << @i",
    "@i >> @i",
    "-@i",
    "~@i",
    "@n == @n",
    "@n < @n",
    "@n is @n",
    "@n in @n",
    "@i in range(@i, @i, @i)",
    "range(@i, @i, @i)[@i]",
    "not @e",
    "@e and @e",
    "@e if @e else @e",
    "@n[@e]",
    "@n[@i:@i:@i]",
    "@n.key",
    "{@n: @n}",
    "{@n}",
    "{**@n, @s: @n}",
    "[@e, @n]",
    "(@n, @n)",
    "[@e for @n in @n if @e]",
    "{@n for @n in @n}",
    "{@n: @n for @n in @n}",
    "f'{@n}{@n}{@n}{@n}'",
    "f'{@n!r:>{@i}}'",
    "f'{@i:{@n}}'",
    "@s.join(@n)",
    "@n.join(@n)",
    "@n.split(@s)",
    "@n.replace(@s, @n)",
    "@n.strip(@n)",
    "@n.upper()",
    "@n.format(@n, @n)",
    "@n.count(@e)",
    "@n.items()",
    "@n.get(@e)",
    "@n.pop(@i)",
    "@n.copy()",
    "@n.union(@n)",
    "f(@n, @n)",
    "f(**@n)",
    "f(*@n)",
    "dict(@n, a=@n)",
    "dict(**@n)",
    "hasattr(@n, @s)",
    "getattr(@n, @s, @n)",
    "repr(@n)",
    "str(@n)",
    "len(@n)",
    "sum(@n, @n)",
    "sorted(@n)",
    "sorted(@n, key=f)",
    "max(@n)",
    "set(@n)",
    "tuple(@n)",
    "list(zip(@n, @n))",
    "list(map(f, @n))",
    "enumerate(@n, @i)",
    "next(iter(@n))",
    "any(@n)",
    "int(@n)",
    "float(@n)",
    "round(@e, @i)",
    "divmod(@i, @i)",
    "abs(@i)",
    "isinstance(@n, dict)",
    "copy.deepcopy(@n)",
    "math.gcd(@i, @i)",
    "os.path.join(@n, @n)",
    "os.path.join(*[@n] * @i)",
    "os.path.splitext(@n)",
    "list(itertools.product(@n, @n))",
];

const NAMES: &[&str] = &["a", "b", "c", "d"];

const INTEGERS: &[&str] = &[
    "0",
    "1",
    "-1",
    "2",
    "5",
    "-3",
    "8",
    "100",
    "1000",
    "300000",
    "10**7",
    "10**9",
    "2**63",
    "(-2**126*2)",
    "(2**126-1+2**126)",
];

const STRINGS: &[&str] = &["'a'", "''", "'b,a'", "'{}{0}'", "'%s%5d'", "'type'", "'\\n'"];

/// Statements of a program, at most.
const LENGTH: usize = 24;

/// A program: what the bytes choose, as long as they last.
pub(crate) fn program(bytes: &[u8]) -> String {
    let mut choices = Unstructured::new(bytes);
    let mut out = String::from(
        "a = _base_\nb = {}\nc = []\nd = 'd'\nt = (0,)\nu = ()\nf = lambda *args, **kwargs: 0\n",
    );
    for _ in 0..LENGTH {
        if choices.is_empty() {
            break;
        }
        let safe = choices.ratio(3, 4).unwrap_or(true);
        expand(&mut choices, if safe { SAFE } else { STATEMENTS }, 0, 0, &mut out);
        out.push('\n');
    }
    out
}

/// One of the templates with its holes filled; deep inside others it is a name.
fn expand(
    choices: &mut Unstructured<'_>,
    templates: &[&str],
    depth: usize,
    indent: usize,
    out: &mut String,
) {
    let template = choices.choose(templates).copied().unwrap_or("0");
    let mut rest = template;
    let mut name = "a";
    while let Some(at) = rest.find('@') {
        out.push_str(&rest[..at]);
        let hole = rest.as_bytes().get(at + 1).copied().unwrap_or_default();
        rest = rest.get(at + 2..).unwrap_or_default();
        match hole {
            b'e' if depth < 3 => expand(choices, EXPRESSIONS, depth + 1, indent, out),
            b'i' => out.push_str(choices.choose(INTEGERS).copied().unwrap_or("0")),
            b's' => out.push_str(choices.choose(STRINGS).copied().unwrap_or("'a'")),
            b'b' => {
                out.push_str(&" ".repeat(indent + 1));
                if depth < 3 {
                    expand(choices, SAFE, depth + 1, indent + 1, out);
                } else {
                    out.push_str("pass");
                }
            }
            b'@' => out.push_str(name),
            kind => {
                let names = match kind {
                    b'd' => &["a", "b"],
                    b't' => &["t", "u"],
                    _ => NAMES,
                };
                name = choices.choose(names).copied().unwrap_or("a");
                out.push_str(name);
            }
        }
    }
    out.push_str(rest);
}
