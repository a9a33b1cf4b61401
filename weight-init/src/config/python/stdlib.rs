//! The names of Python's own library.

/// Built-in names that a config may not use: they execute, or reach outside of it.
pub(super) const FORBIDDEN: &[&str] = &[
    "__import__",
    "breakpoint",
    "classmethod",
    "compile",
    "delattr",
    "dir",
    "eval",
    "exec",
    "help",
    "id",
    "input",
    "memoryview",
    "object",
    "open",
    "property",
    "setattr",
    "staticmethod",
    "super",
    "type",
];

/// The modules whose members are evaluated.
const EVALUATED: &[&str] = &["collections", "copy", "itertools", "math", "os", "os.path"];

/// The name of a module whose members are evaluated.
pub(super) fn evaluated(module: &str) -> Option<&'static str> {
    EVALUATED.iter().copied().find(|name| *name == module)
}

/// The name of a module that is bound as one, whether its members are evaluated or not.
pub(super) fn module(name: &str) -> Option<&'static str> {
    let known = || MODULES.binary_search(&name).ok().and_then(|at| MODULES.get(at)).copied();
    evaluated(name).or_else(known)
}

/// Whether a module, by its dotted name, is a part of Python: importing it does not make a config a lazy one.
pub(super) fn contains(module: &str) -> bool {
    let first = module.split('.').next().unwrap_or(module);
    MODULES.binary_search(&first).is_ok() || module.starts_with("mmengine.config")
}

/// The public top-level modules of Python 3.11, in order.
#[rustfmt::skip]
const MODULES: &[&str] = &[
    "__future__",
    "abc", "aifc", "antigravity", "argparse", "array", "ast", "asynchat", "asyncio", "asyncore", "atexit",
    "audioop", "base64", "bdb", "binascii", "bisect", "builtins", "bz2", "cProfile", "calendar", "cgi",
    "cgitb", "chunk", "cmath", "cmd", "code", "codecs", "codeop", "collections", "colorsys", "compileall",
    "concurrent", "configparser", "contextlib", "contextvars", "copy", "copyreg", "crypt", "csv", "ctypes",
    "curses", "dataclasses", "datetime", "dbm", "decimal", "difflib", "dis", "distutils", "doctest", "email",
    "encodings", "ensurepip", "enum", "errno", "faulthandler", "fcntl", "filecmp", "fileinput", "fnmatch",
    "fractions", "ftplib", "functools", "gc", "genericpath", "getopt", "getpass", "gettext", "glob",
    "graphlib", "grp", "gzip", "hashlib", "heapq", "hmac", "html", "http", "idlelib", "imaplib", "imghdr",
    "imp", "importlib", "inspect", "io", "ipaddress", "itertools", "json", "keyword", "lib2to3", "linecache",
    "locale", "logging", "lzma", "mailbox", "mailcap", "marshal", "math", "mimetypes", "mmap", "modulefinder",
    "msilib", "msvcrt", "multiprocessing", "netrc", "nis", "nntplib", "nt", "ntpath", "nturl2path", "numbers",
    "opcode", "operator", "optparse", "os", "ossaudiodev", "pathlib", "pdb", "pickle", "pickletools", "pipes",
    "pkgutil", "platform", "plistlib", "poplib", "posix", "posixpath", "pprint", "profile", "pstats", "pty",
    "pwd", "py_compile", "pyclbr", "pydoc", "pydoc_data", "pyexpat", "queue", "quopri", "random", "re",
    "readline", "reprlib", "resource", "rlcompleter", "runpy", "sched", "secrets", "select", "selectors",
    "shelve", "shlex", "shutil", "signal", "site", "smtpd", "smtplib", "sndhdr", "socket", "socketserver",
    "spwd", "sqlite3", "sre_compile", "sre_constants", "sre_parse", "ssl", "stat", "statistics", "string",
    "stringprep", "struct", "subprocess", "sunau", "symtable", "sys", "sysconfig", "syslog", "tabnanny",
    "tarfile", "telnetlib", "tempfile", "termios", "textwrap", "this", "threading", "time", "timeit",
    "tkinter", "token", "tokenize", "tomllib", "trace", "traceback", "tracemalloc", "tty", "turtle",
    "turtledemo", "types", "typing", "unicodedata", "unittest", "urllib", "uu", "uuid", "venv", "warnings",
    "wave", "weakref", "webbrowser", "winreg", "winsound", "wsgiref", "xdrlib", "xml", "xmlrpc", "zipapp",
    "zipfile", "zipimport", "zlib", "zoneinfo", 
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_found() {
        assert!(MODULES.is_sorted());
        assert!(
            contains("os.path")
                && contains("copy")
                && contains("__future__")
                && contains("mmengine.config")
        );
        assert!(
            !contains("mmengine") && !contains("torch") && !contains(".copy") && !contains("osx")
        );
    }
}
