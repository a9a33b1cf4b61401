//! YAML tokens → events: the beginnings and ends of lists and dicts, and what stands in them.

use super::scan::{Fault, Scan, Scanner, Token, TokenKind};

/// A step through the tree of a document.
#[derive(Debug)]
pub(super) enum Event {
    StreamEnd,
    DocumentStart,
    DocumentEnd,
    Alias(String),
    /// A text, and whether it stands without quotes.
    Scalar(Node, String, bool),
    SequenceStart(Node),
    SequenceEnd,
    MappingStart(Node),
    MappingEnd,
}

/// Anchor and tag before a value.
#[derive(Debug, Default)]
pub(super) struct Node {
    pub(super) anchor: Option<String>,
    /// The whole tag.
    pub(super) tag: Option<String>,
}

/// Where the bytes of an event are.
pub(super) type Bytes = (usize, usize);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    FirstDocument,
    Document,
    Content,
    DocumentEnd,
    BlockNode,
    BlockEntry,
    IndentlessEntry,
    BlockKey,
    BlockValue,
    FlowEntry { first: bool },
    FlowPairKey,
    FlowPairValue,
    FlowPairEnd,
    FlowKey { first: bool },
    FlowValue,
    FlowNoValue,
    End,
}

/// Makes events, one by one.
#[derive(Debug)]
pub(super) struct Parser<'t> {
    scanner: Scanner<'t>,
    state: State,
    /// Where to go on when what is open is closed.
    states: Vec<State>,
    /// Handles of tags that the document names.
    handles: Vec<(String, String)>,
}

/// Handles that a document may name.
const MAX_HANDLES: usize = 100;

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            scanner: Scanner::new(text),
            state: State::FirstDocument,
            states: Vec::new(),
            handles: Vec::new(),
        }
    }

    /// The next event; behind the last one it is the last again.
    pub(super) fn next(&mut self) -> Scan<(Event, Bytes)> {
        match self.state {
            State::FirstDocument => self.document(true),
            State::Document => self.document(false),
            State::Content => match self.peek()? {
                TokenKind::Directive(_)
                | TokenKind::DocumentStart
                | TokenKind::DocumentEnd
                | TokenKind::StreamEnd => {
                    self.close();
                    self.nothing()
                }
                _ => self.node(true, false),
            },
            State::DocumentEnd => {
                let at = self.scanner.token()?.start;
                if *self.peek()? == TokenKind::DocumentEnd {
                    self.scanner.take()?;
                }
                self.handles.clear();
                self.state = State::Document;
                Ok((Event::DocumentEnd, (at, at)))
            }
            State::BlockNode => self.node(true, false),
            State::BlockEntry => self.block_entry(),
            State::IndentlessEntry => self.indentless_entry(),
            State::BlockKey => self.block_key(),
            State::BlockValue => self.block_value(),
            State::FlowEntry { first } => self.flow_entry(first),
            State::FlowPairKey => match self.peek()? {
                TokenKind::FlowSequenceEnd => {
                    self.state = State::FlowPairValue;
                    self.nothing()
                }
                // libyaml passes over it, so that little may follow `?` without a key.
                TokenKind::Value | TokenKind::FlowEntry => {
                    self.scanner.take()?;
                    self.state = State::FlowPairValue;
                    self.nothing()
                }
                _ => self.inner(State::FlowPairValue, false, false),
            },
            State::FlowPairValue => {
                if *self.peek()? == TokenKind::Value {
                    self.scanner.take()?;
                    if !matches!(self.peek()?, TokenKind::FlowEntry | TokenKind::FlowSequenceEnd) {
                        return self.inner(State::FlowPairEnd, false, false);
                    }
                }
                self.state = State::FlowPairEnd;
                self.nothing()
            }
            State::FlowPairEnd => {
                self.state = State::FlowEntry { first: false };
                let at = self.scanner.token()?.start;
                Ok((Event::MappingEnd, (at, at)))
            }
            State::FlowKey { first } => self.flow_key(first),
            State::FlowValue => {
                if *self.peek()? == TokenKind::Value {
                    self.scanner.take()?;
                    if !matches!(self.peek()?, TokenKind::FlowEntry | TokenKind::FlowMappingEnd) {
                        return self.inner(State::FlowKey { first: false }, false, false);
                    }
                }
                self.state = State::FlowKey { first: false };
                self.nothing()
            }
            State::FlowNoValue => {
                self.state = State::FlowKey { first: false };
                self.nothing()
            }
            State::End => Ok((Event::StreamEnd, (0, 0))),
        }
    }

    fn document(&mut self, first: bool) -> Scan<(Event, Bytes)> {
        // The end of a document may be said again.
        while !first && *self.peek()? == TokenKind::DocumentEnd {
            self.scanner.take()?;
        }
        let Token { kind, start, end } = self.scanner.token()?;
        let (start, end) = (*start, *end);
        match kind {
            TokenKind::StreamEnd => {
                self.state = State::End;
                return Ok((Event::StreamEnd, (start, end)));
            }
            TokenKind::Directive(_) | TokenKind::DocumentStart => {
                while let TokenKind::Directive(handle) = self.peek()?.clone() {
                    self.scanner.take()?;
                    if self.handles.len() == MAX_HANDLES {
                        return fault("more handles of tags than are read", start);
                    }
                    self.handles.extend(handle);
                }
                if *self.peek()? != TokenKind::DocumentStart {
                    return fault("'---' stands behind a directive", self.scanner.token()?.start);
                }
                self.scanner.take()?;
                self.state = State::Content;
            }
            _ if first => self.state = State::BlockNode,
            _ => return fault("the document is at its end, and another begins with '---'", start),
        }
        self.states.push(State::DocumentEnd);
        Ok((Event::DocumentStart, (start, end)))
    }

    /// A value with what stands before it.
    fn node(&mut self, block: bool, indentless: bool) -> Scan<(Event, Bytes)> {
        let start = self.scanner.token()?.start;
        if let TokenKind::Alias(name) = self.peek()? {
            let name = name.clone();
            let end = self.scanner.take()?.end;
            self.close();
            return Ok((Event::Alias(name), (start, end)));
        }
        let mut node = Node::default();
        let mut end = start;
        loop {
            match self.peek()? {
                TokenKind::Anchor(name) if node.anchor.is_none() => {
                    node.anchor = Some(name.clone());
                }
                TokenKind::Tag(handle, suffix) if node.tag.is_none() => {
                    let (handle, suffix) = (handle.clone(), suffix.clone());
                    node.tag = Some(self.tag(&handle, suffix, start)?);
                }
                _ => break,
            }
            end = self.scanner.take()?.end;
        }
        // The tag `!` alone says that the value is read as if it had neither tag nor quotes.
        let is_bare = node.tag.as_deref() == Some("!");
        if is_bare {
            node.tag = None;
        }
        if matches!(self.peek()?, TokenKind::Scalar(..))
            && let Token { kind: TokenKind::Scalar(text, plain), end, .. } = self.scanner.take()?
        {
            self.close();
            return Ok((Event::Scalar(node, text, plain || is_bare), (start, end)));
        }
        let Token { kind, end: last, .. } = self.scanner.token()?.clone();
        let state = match kind {
            TokenKind::BlockEntry if indentless => {
                self.state = State::IndentlessEntry;
                return Ok((Event::SequenceStart(node), (start, end)));
            }
            TokenKind::FlowSequenceStart => State::FlowEntry { first: true },
            TokenKind::FlowMappingStart => State::FlowKey { first: true },
            TokenKind::BlockSequenceStart if block => State::BlockEntry,
            TokenKind::BlockMappingStart if block => State::BlockKey,
            _ if node.anchor.is_some() || node.tag.is_some() || is_bare => {
                self.close();
                return Ok((Event::Scalar(node, String::new(), !is_bare), (start, end)));
            }
            _ => return fault("no value begins here", self.scanner.token()?.start),
        };
        self.scanner.take()?;
        self.state = state;
        let mapping = matches!(state, State::FlowKey { .. } | State::BlockKey);
        let event = if mapping { Event::MappingStart(node) } else { Event::SequenceStart(node) };
        Ok((event, (start, last.max(end))))
    }

    fn tag(&self, handle: &str, suffix: String, at: usize) -> Scan<String> {
        if handle.is_empty() {
            return Ok(suffix);
        }
        let named = self.handles.iter().find(|(name, _)| name == handle);
        match (named, handle) {
            (Some((_, prefix)), _) => Ok(format!("{prefix}{suffix}")),
            (None, "!") => Ok(format!("!{suffix}")),
            (None, "!!") => Ok(format!("tag:yaml.org,2002:{suffix}")),
            (None, handle) => fault(format!("no '%TAG' names the handle '{handle}'"), at),
        }
    }

    fn block_entry(&mut self) -> Scan<(Event, Bytes)> {
        match self.peek()? {
            TokenKind::BlockEntry => {
                self.scanner.take()?;
                if matches!(self.peek()?, TokenKind::BlockEntry | TokenKind::BlockEnd) {
                    return self.nothing();
                }
                self.inner(State::BlockEntry, true, false)
            }
            TokenKind::BlockEnd => self.end(Event::SequenceEnd),
            _ => fault(
                "an element of the list begins with '-' at its column",
                self.scanner.token()?.start,
            ),
        }
    }

    fn indentless_entry(&mut self) -> Scan<(Event, Bytes)> {
        if *self.peek()? != TokenKind::BlockEntry {
            self.close();
            let at = self.scanner.token()?.start;
            return Ok((Event::SequenceEnd, (at, at)));
        }
        self.scanner.take()?;
        match self.peek()? {
            TokenKind::BlockEntry | TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                self.nothing()
            }
            _ => self.inner(State::IndentlessEntry, true, false),
        }
    }

    fn block_key(&mut self) -> Scan<(Event, Bytes)> {
        match self.peek()? {
            TokenKind::Key => {
                self.scanner.take()?;
                match self.peek()? {
                    TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => {
                        self.state = State::BlockValue;
                        self.nothing()
                    }
                    _ => self.inner(State::BlockValue, true, true),
                }
            }
            TokenKind::BlockEnd => self.end(Event::MappingEnd),
            _ => fault("a key of the dict begins here, at its column", self.scanner.token()?.start),
        }
    }

    fn block_value(&mut self) -> Scan<(Event, Bytes)> {
        self.state = State::BlockKey;
        if *self.peek()? != TokenKind::Value {
            return self.nothing();
        }
        self.scanner.take()?;
        match self.peek()? {
            TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd => self.nothing(),
            _ => self.inner(State::BlockKey, true, true),
        }
    }

    fn flow_entry(&mut self, first: bool) -> Scan<(Event, Bytes)> {
        if *self.peek()? != TokenKind::FlowSequenceEnd {
            self.comma(first, ']')?;
            match self.peek()? {
                TokenKind::Key => {
                    let Token { start, end, .. } = self.scanner.take()?;
                    self.state = State::FlowPairKey;
                    return Ok((Event::MappingStart(Node::default()), (start, end)));
                }
                TokenKind::FlowSequenceEnd => {}
                _ => return self.inner(State::FlowEntry { first: false }, false, false),
            }
        }
        self.end(Event::SequenceEnd)
    }

    fn flow_key(&mut self, first: bool) -> Scan<(Event, Bytes)> {
        if *self.peek()? != TokenKind::FlowMappingEnd {
            self.comma(first, '}')?;
            match self.peek()? {
                TokenKind::Key => {
                    self.scanner.take()?;
                    return match self.peek()? {
                        TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowMappingEnd => {
                            self.state = State::FlowValue;
                            self.nothing()
                        }
                        _ => self.inner(State::FlowValue, false, false),
                    };
                }
                TokenKind::FlowMappingEnd => {}
                _ => return self.inner(State::FlowNoValue, false, false),
            }
        }
        self.end(Event::MappingEnd)
    }

    fn comma(&mut self, first: bool, close: char) -> Scan<()> {
        if first {
            return Ok(());
        }
        let token = self.scanner.token()?;
        if token.kind != TokenKind::FlowEntry {
            return fault(
                format!("',' or '{close}' stands behind a value in brackets"),
                token.start,
            );
        }
        self.scanner.take().map(drop)
    }

    /// A value, behind which `then` goes on.
    fn inner(&mut self, then: State, block: bool, indentless: bool) -> Scan<(Event, Bytes)> {
        self.states.push(then);
        self.node(block, indentless)
    }

    /// The end of a list or dict.
    fn end(&mut self, event: Event) -> Scan<(Event, Bytes)> {
        let Token { start, end, .. } = self.scanner.take()?;
        self.close();
        Ok((event, (start, end)))
    }

    /// A value that is not written.
    fn nothing(&mut self) -> Scan<(Event, Bytes)> {
        let at = self.scanner.token()?.start;
        Ok((Event::Scalar(Node::default(), String::new(), true), (at, at)))
    }

    fn close(&mut self) {
        self.state = self.states.pop().unwrap_or(State::End);
    }

    fn peek(&mut self) -> Scan<&TokenKind> {
        self.scanner.token().map(|token| &token.kind)
    }
}

#[cold]
fn fault<T>(message: impl Into<String>, at: usize) -> Scan<T> {
    Err(Fault { message: message.into(), at })
}
