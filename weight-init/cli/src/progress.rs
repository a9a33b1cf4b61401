use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar on standard error, if that is a terminal.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    pub(crate) fn new(what: &'static str, bytes: u64) -> Self {
        let columns = console::Term::stderr().size().1;
        Self::on(ProgressDrawTarget::stderr(), columns, what, bytes)
    }

    /// A bar that is never drawn.
    pub(crate) fn hidden() -> Self {
        Self(ProgressBar::hidden())
    }

    fn on(target: ProgressDrawTarget, columns: u16, what: &'static str, bytes: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(bytes), target);
        if let Ok(style) = ProgressStyle::with_template(template(columns)) {
            bar.set_style(style.progress_chars("=> "));
        }
        Self(bar.with_message(what))
    }

    pub(crate) fn add(&self, bytes: u64) {
        self.0.inc(bytes);
    }

    /// How far it is, and of how much if that is known.
    pub(crate) fn set(&self, done: u64, total: Option<u64>) {
        if let Some(total) = total {
            self.0.set_length(total);
        }
        self.0.set_position(done);
    }

    pub(crate) fn clear(&self) {
        self.0.finish_and_clear();
    }
}

/// The figures that have room on one line of so many columns, beside a bar that one can see. A line that wraps is drawn
/// anew below itself, again and again.
const fn template(columns: u16) -> &'static str {
    match columns {
        0..60 => "{msg} [{wide_bar}] {percent}%",
        60..90 => "{msg} [{wide_bar}] {bytes}/{total_bytes} {eta}",
        _ => "{msg} [{bar:30}] {bytes}/{total_bytes} {bytes_per_sec} {eta}",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test fails by it")]
mod tests {
    use std::io;
    use std::sync::{Arc, Mutex};

    use indicatif::TermLike;

    use super::*;

    /// A terminal that keeps what is drawn on it.
    #[derive(Clone, Debug)]
    struct Terminal {
        columns: u16,
        drawn: Arc<Mutex<Vec<String>>>,
    }

    impl TermLike for Terminal {
        fn width(&self) -> u16 {
            self.columns
        }

        fn write_str(&self, text: &str) -> io::Result<()> {
            self.drawn.lock().unwrap().push(text.to_owned());
            Ok(())
        }

        fn write_line(&self, text: &str) -> io::Result<()> {
            self.write_str(text)
        }

        fn move_cursor_up(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_down(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_right(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn move_cursor_left(&self, _: usize) -> io::Result<()> {
            Ok(())
        }

        fn clear_line(&self) -> io::Result<()> {
            Ok(())
        }

        fn flush(&self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_bar_fits_on_a_line_of_every_terminal() {
        for columns in [40, 59, 60, 80, 89, 90, 120, 200] {
            let drawn = Arc::new(Mutex::new(Vec::new()));
            let terminal = Terminal { columns, drawn: Arc::clone(&drawn) };
            let target = ProgressDrawTarget::term_like(Box::new(terminal));
            // Figures of the most digits: 1,023.99 MiB of 1,023.99 GiB.
            let (done, total) = ((1 << 30) - (1 << 13), (1 << 40) - (1 << 23));
            let progress = Progress::on(target, columns, "downloading", total);
            progress.add(done);
            progress.0.tick();
            let drawn = drawn.lock().unwrap();
            let bar = drawn.iter().find(|text| text.contains('[')).unwrap();
            assert!(bar.trim_end().chars().count() <= usize::from(columns), "{columns}: {bar:?}");
            assert!(bar.starts_with("downloading [") && bar.contains(' '), "{columns}: {bar:?}");
        }
    }
}
