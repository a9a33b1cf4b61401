//! A check before code is parsed, from its tokens alone: whether it nests too deep, and how much memory its syntax tree takes.
//!
//! The parser, the evaluator and the drop of a syntax tree recurse as deep as the code nests, so the nesting is
//! bounded first, from the tokens alone: brackets and blocks that are open, and beside them everything in one
//! expression that may nest without brackets (`- - -x`, `a.b.c`, `f()()()`, `x + y + z`, `not`, `lambda`, ...).

use ruff_python_ast::token::TokenKind;
use ruff_python_parser::{Mode, lexer};

/// How deep an expression may nest, counted from its tokens.
const MAX_NESTING: usize = 600;

/// Brackets inside each other, at most, as in Python itself.
const MAX_BRACKETS: usize = 200;

/// Blocks inside each other, at most, as in Python itself.
const MAX_BLOCKS: usize = 100;

/// Memory of code once it is parsed, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Size {
    /// The syntax tree.
    pub(super) tree: usize,
    /// The tokens, which are there until the tree is made.
    pub(super) tokens: usize,
}

/// Memory of code, or the place where it nests too deep and the construct that it nests.
pub(super) fn size(text: &str) -> Result<Size, (usize, String)> {
    let message = match weighed(text) {
        Ok(size) => return Ok(size),
        Err(message) => message,
    };
    // The lexer does not say where its tokens are: the place is the end of the shortest beginning that is too deep.
    let (mut short, mut long) = (0, text.len());
    while short + 1 < long {
        let middle = short.midpoint(long);
        if weighed(&text[..text.floor_char_boundary(middle)]).is_err() {
            long = middle;
        } else {
            short = middle;
        }
    }
    Err((text.floor_char_boundary(short), message))
}

/// Bytes that the tree takes for the token of a name, a number or an operator: a node, some in a box of their own.
///
/// These and the following were measured with hundred thousands of each kind of expression and statement in a row.
const NODE: usize = 78;

/// Bytes for a bracket: the list that it opens.
const BRACKET: usize = 100;

/// Bytes for a statement.
const STATEMENT: usize = 150;

/// Bytes for an f-string.
const F_STRING: usize = 240;

/// Bytes of a token.
const TOKEN: usize = 12;

fn weighed(text: &str) -> Result<Size, String> {
    let mut lexer = lexer::lex(text, Mode::Module);
    // For each open bracket: tokens of its present element that may nest, and of the whole of it.
    let mut levels = vec![Level::default()];
    let mut sum = 0;
    let mut blocks = 0_usize;
    let mut size = Size::default();
    loop {
        let token = lexer.next_token();
        size.tokens += TOKEN;
        size.tree += match token {
            TokenKind::Comma
            | TokenKind::Colon
            | TokenKind::Comment
            | TokenKind::NonLogicalNewline
            | TokenKind::Indent
            | TokenKind::Dedent
            | TokenKind::Rpar
            | TokenKind::Rsqb
            | TokenKind::Rbrace => 0,
            TokenKind::Newline | TokenKind::Semi | TokenKind::Del => STATEMENT,
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => BRACKET,
            TokenKind::FStringStart => F_STRING,
            _ => NODE,
        };
        match token {
            TokenKind::EndOfFile => return Ok(size),
            TokenKind::Comment | TokenKind::NonLogicalNewline => continue,
            TokenKind::Indent => blocks += 1,
            TokenKind::Dedent => blocks = blocks.saturating_sub(1),
            TokenKind::Newline => {
                levels.clear();
                levels.push(Level::default());
                sum = 0;
            }
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => {
                count(&mut levels, &mut sum, false);
                levels.push(Level::default());
            }
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => {
                if levels.len() > 1 {
                    let closed = levels.pop().unwrap_or_default();
                    sum -= closed.element + closed.kept;
                }
            }
            TokenKind::Comma | TokenKind::Semi => {
                if let Some(level) = levels.last_mut() {
                    sum -= level.element;
                    level.element = 0;
                }
            }
            // Strings side by side are one; arguments of a lambda have commas of their own.
            TokenKind::String | TokenKind::FStringMiddle => {}
            TokenKind::Lambda => count(&mut levels, &mut sum, true),
            _ => count(&mut levels, &mut sum, false),
        }
        if blocks > MAX_BLOCKS {
            return Err(format!("more than {MAX_BLOCKS} blocks inside each other"));
        }
        if levels.len() > MAX_BRACKETS {
            return Err(format!("more than {MAX_BRACKETS} brackets inside each other"));
        }
        if sum > MAX_NESTING {
            return Err(format!(
                "an expression of more than {MAX_NESTING} parts inside each other"
            ));
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Level {
    element: usize,
    kept: usize,
}

fn count(levels: &mut [Level], sum: &mut usize, kept: bool) {
    if let Some(level) = levels.last_mut() {
        *sum += 1;
        if kept {
            level.kept += 1;
        } else {
            level.element += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deep_code_is_refused_and_wide_code_is_not() {
        let too_deep = |code: &str| size(code).err();
        let wide = format!("x = [{}]\n", "dict(type='a', b=[1, 2]), ".repeat(10_000));
        assert_eq!(too_deep(&wide), None);
        let long = "x = a + b\n".repeat(10_000);
        assert_eq!(too_deep(&long), None);
        let strings = format!("x = ({})\n", "'abc' ".repeat(10_000));
        assert_eq!(too_deep(&strings), None);
        for deep in [
            "(",
            "[",
            "{",
            "- ",
            "a.",
            "f()",
            "x + ",
            "not ",
            "lambda a, b: ",
            "a if b else ",
            "x[0]",
            "f'{",
            "~",
            "*",
        ] {
            let code = format!("x = {}", deep.repeat(10_000));
            assert!(too_deep(&code).is_some(), "{deep}");
        }
        let blocks: String =
            (0..1000).map(|depth| format!("{}if x:\n", " ".repeat(depth))).collect();
        assert!(too_deep(&blocks).is_some());
    }
}
