//! YAML text → tokens.
//!
//! The beginning and end of a token, and the places where a key may stand, are decided as libyaml decides them
//! (<https://pyyaml.org/wiki/LibYAML>), by the rules of YAML 1.1 (<https://yaml.org/spec/1.1/>): PyYAML reads through it,
//! and it takes texts that YAML 1.2 refuses, such as a bracket that is closed at the column of its key.
//!
//! A key without `?` is known by the `:` behind it. It stands on one line and has at most 1024 characters, so that
//! no more tokens than that are kept.

mod block;
mod key;
mod name;
mod plain;
mod quoted;
mod text;

use std::collections::VecDeque;

use self::key::SimpleKey;
use self::text::{Fold, is_blank, is_blank_or_break, is_break, shown};

/// A token and the bytes that it stands on.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) kind: TokenKind,
    pub(super) start: usize,
    pub(super) end: usize,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    StreamEnd,
    /// `%TAG` with its handle and prefix, or `%YAML`.
    Directive(Option<(String, String)>),
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias(String),
    Anchor(String),
    /// A handle and what stands behind it; without a handle the whole tag.
    Tag(String, String),
    /// A scalar, and whether it is a plain one.
    Scalar(String, bool),
}

/// A fault of a text, and its byte offset.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) message: String,
    pub(super) at: usize,
}

pub(super) type Scan<T> = Result<T, Fault>;

/// A place in the text: the byte, and the character, line and column, counted from 0.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    byte: usize,
    char: usize,
    line: usize,
    column: usize,
}

/// Makes tokens, one by one.
#[derive(Debug)]
pub(super) struct Scanner<'t> {
    text: &'t str,
    at: Place,
    tokens: VecDeque<Token>,
    /// Tokens that were taken.
    taken: usize,
    is_done: bool,
    /// Whether a key without `?` may begin here.
    may_be_key: bool,
    /// The column of the innermost block; −1 without one.
    indent: i64,
    indents: Vec<i64>,
    /// The possible key of the block, and of each pair of brackets around this place.
    keys: Vec<Option<SimpleKey>>,
    /// No key before this one is possible.
    first_key: usize,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let mut scanner = Self {
            text,
            at: Place::default(),
            tokens: VecDeque::new(),
            taken: 0,
            is_done: false,
            may_be_key: true,
            indent: -1,
            indents: Vec::new(),
            keys: vec![None],
            first_key: 0,
        };
        if scanner.peek() == Some('\u{feff}') {
            scanner.at.byte = '\u{feff}'.len_utf8();
        }
        scanner
    }

    /// The next token, which stays where it is.
    pub(super) fn token(&mut self) -> Scan<&Token> {
        while !self.is_done && (self.tokens.is_empty() || self.next_may_be_key()?) {
            self.fetch()?;
        }
        let (at, char) = (self.at.byte, self.at.char);
        match self.tokens.front() {
            Some(token) => Ok(token),
            None => Err(Fault { message: format!("the text ends at character {char}"), at }),
        }
    }

    /// Goes on behind the next token.
    pub(super) fn take(&mut self) -> Scan<Token> {
        self.token()?;
        match self.tokens.pop_front() {
            Some(token) => {
                self.taken += 1;
                Ok(token)
            }
            None => self.fault("the text ends"),
        }
    }

    /// Whether it is still open if the next token is a key.
    fn next_may_be_key(&mut self) -> Scan<bool> {
        self.forget_stale()?;
        let first = self.keys.get(self.first_key).copied().flatten();
        Ok(first.is_some_and(|key| key.token == self.taken))
    }

    fn is_flow(&self) -> bool {
        self.keys.len() > 1
    }

    fn fetch(&mut self) -> Scan<()> {
        self.skip_blank()?;
        self.forget_stale()?;
        self.close_blocks(self.at.column as i64);
        let start = self.at;
        let Some(c) = self.peek() else { return self.end() };
        let next = self.peek_at(1);
        let ends = next.is_none_or(is_blank_or_break);
        match c {
            '%' if start.column == 0 => self.directive(),
            '-' | '.' if self.is_document_mark() => {
                self.close_blocks(-1);
                self.drop_key()?;
                self.may_be_key = false;
                self.skip(3);
                let kind = if c == '-' { TokenKind::DocumentStart } else { TokenKind::DocumentEnd };
                self.push(kind, start);
                Ok(())
            }
            '[' | '{' => {
                self.save_key()?;
                self.keys.push(None);
                self.may_be_key = true;
                self.skip(1);
                let list = c == '[';
                self.push(
                    if list { TokenKind::FlowSequenceStart } else { TokenKind::FlowMappingStart },
                    start,
                );
                Ok(())
            }
            ']' | '}' => {
                self.drop_key()?;
                if self.is_flow() {
                    self.keys.pop();
                    self.first_key = self.first_key.min(self.keys.len() - 1);
                }
                self.may_be_key = false;
                self.skip(1);
                let list = c == ']';
                self.push(
                    if list { TokenKind::FlowSequenceEnd } else { TokenKind::FlowMappingEnd },
                    start,
                );
                Ok(())
            }
            ',' => {
                self.drop_key()?;
                self.may_be_key = true;
                self.skip(1);
                self.push(TokenKind::FlowEntry, start);
                Ok(())
            }
            '-' if ends => {
                if !self.is_flow() {
                    if !self.may_be_key {
                        return self.fault("a list's '-' may not stand here");
                    }
                    self.open_block(start, None, TokenKind::BlockSequenceStart);
                }
                self.drop_key()?;
                self.may_be_key = true;
                self.skip(1);
                self.push(TokenKind::BlockEntry, start);
                Ok(())
            }
            '?' if self.is_flow() || ends => {
                if !self.is_flow() {
                    if !self.may_be_key {
                        return self.fault("a key may not stand here");
                    }
                    self.open_block(start, None, TokenKind::BlockMappingStart);
                }
                self.drop_key()?;
                self.may_be_key = !self.is_flow();
                self.skip(1);
                self.push(TokenKind::Key, start);
                Ok(())
            }
            ':' if self.is_flow() || ends => self.value(),
            '*' | '&' => self.name(c == '*'),
            '!' => self.tag(),
            '|' | '>' if !self.is_flow() => self.block_scalar(c == '|'),
            '\'' | '"' => self.quoted(c),
            '-' if !ends || next.is_some_and(is_break) => self.plain(),
            '?' | ':' if !self.is_flow() => self.plain(),
            '-' | '?' | ':' | '#' | '|' | '>' | '%' | '@' | '`' | '\t' => {
                self.fault(format!("a value does not begin with {}", shown(c)))
            }
            _ => self.plain(),
        }
    }

    /// `:`, behind a key.
    fn value(&mut self) -> Scan<()> {
        let start = self.at;
        match self.keys.last().copied().flatten() {
            Some(key) => {
                self.set_key(None);
                let place = key.token - self.taken;
                let token = Token { kind: TokenKind::Key, start: key.at.byte, end: key.at.byte };
                self.tokens.insert(place, token);
                self.open_block(key.at, Some(place), TokenKind::BlockMappingStart);
                self.may_be_key = false;
            }
            None => {
                if !self.is_flow() {
                    if !self.may_be_key {
                        return self.fault(
                            "a ':' may not stand here: a text with ': ' in it needs quotes",
                        );
                    }
                    self.open_block(start, None, TokenKind::BlockMappingStart);
                }
                self.may_be_key = !self.is_flow();
            }
        }
        self.skip(1);
        self.push(TokenKind::Value, start);
        Ok(())
    }

    fn end(&mut self) -> Scan<()> {
        self.close_blocks(-1);
        self.drop_key()?;
        self.may_be_key = false;
        self.push(TokenKind::StreamEnd, self.at);
        self.is_done = true;
        Ok(())
    }

    /// Skips what stands between tokens.
    fn skip_blank(&mut self) -> Scan<()> {
        loop {
            if self.at.column == 0 && self.peek() == Some('\u{feff}') {
                self.skip(1);
            }
            while let Some(c) = self.peek() {
                let tab = c == '\t' && (self.is_flow() || !self.may_be_key);
                if c != ' ' && !tab {
                    break;
                }
                self.skip(1);
            }
            if self.peek() == Some('#') {
                while self.peek().is_some_and(|c| !is_break(c)) {
                    self.skip(1);
                }
            }
            if !self.peek().is_some_and(is_break) {
                return Ok(());
            }
            self.skip_line();
            if !self.is_flow() {
                self.may_be_key = true;
            }
        }
    }

    /// Opens a block at a column, if it is deeper than the last; its token stands at the end or before token `place`.
    fn open_block(&mut self, at: Place, place: Option<usize>, kind: TokenKind) {
        let column = at.column as i64;
        if self.is_flow() || self.indent >= column {
            return;
        }
        self.indents.push(self.indent);
        self.indent = column;
        let token = Token { kind, start: at.byte, end: at.byte };
        self.tokens.insert(place.unwrap_or(self.tokens.len()), token);
    }

    /// Closes the blocks that are deeper than a column.
    fn close_blocks(&mut self, column: i64) {
        while !self.is_flow() && self.indent > column {
            self.push(TokenKind::BlockEnd, self.at);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    fn push(&mut self, kind: TokenKind, start: Place) {
        self.tokens.push_back(Token { kind, start: start.byte, end: self.at.byte });
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at.byte..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn peek_at(&self, count: usize) -> Option<char> {
        self.rest().chars().nth(count)
    }

    /// Whether the line begins with `---` or `...` and nothing else.
    fn is_document_mark(&self) -> bool {
        let rest = self.rest();
        self.at.column == 0
            && (rest.starts_with("---") || rest.starts_with("..."))
            && self.peek_at(3).is_none_or(is_blank_or_break)
    }

    /// Goes on by characters of this line.
    fn skip(&mut self, count: usize) {
        for c in self.rest().chars().take(count) {
            self.at.byte += c.len_utf8();
            self.at.char += 1;
            self.at.column += 1;
        }
    }

    /// Goes on to the next line.
    fn skip_line(&mut self) -> &'static str {
        let Some(c) = self.peek() else { return "" };
        let count = if self.rest().starts_with("\r\n") { 2 } else { 1 };
        self.skip(count);
        self.at.line += 1;
        self.at.column = 0;
        match c {
            '\u{2028}' => "\u{2028}",
            '\u{2029}' => "\u{2029}",
            _ => "\n",
        }
    }

    #[cold]
    fn fault<T>(&self, message: impl Into<String>) -> Scan<T> {
        self.fault_at(self.at, message)
    }

    #[cold]
    fn fault_at<T>(&self, at: Place, message: impl Into<String>) -> Scan<T> {
        Err(Fault { message: message.into(), at: at.byte })
    }
}
