//! The tree of a Rego module. Every node knows its span in the text of its file.

use std::sync::Arc;

use crate::rego::syntax::Version;
use crate::source::Span;

/// A module: one `.rego` file.
#[derive(Clone, Debug)]
pub(in crate::rego) struct Module {
    /// The version that it is written in.
    pub(in crate::rego) version: Version,
    /// Components of the package's path, without `data`.
    pub(in crate::rego) package: Vec<Arc<str>>,
    /// Where the package clause stands.
    pub(in crate::rego) package_span: Span,
    /// Imports, in order.
    pub(in crate::rego) imports: Vec<Import>,
    /// Rules, in order; chained bodies are rules of their own.
    pub(in crate::rego) rules: Vec<Rule>,
    /// Comments, in order.
    pub(in crate::rego) comments: Vec<Comment>,
}

/// A comment with its `#`.
#[derive(Clone, Debug)]
pub(in crate::rego) struct Comment {
    /// Where it stands.
    pub(in crate::rego) span: Span,
    /// Line, from 1.
    pub(in crate::rego) line: u32,
    /// Whether nothing else stands before it on its line.
    pub(in crate::rego) alone: bool,
}

/// `import a.b.c as d`.
#[derive(Clone, Debug)]
pub(in crate::rego) struct Import {
    /// Where it stands.
    pub(in crate::rego) span: Span,
    /// The path, its first component included.
    pub(in crate::rego) path: Vec<Arc<str>>,
    /// The alias, where one is given.
    pub(in crate::rego) alias: Option<Arc<str>>,
}

impl Import {
    /// The name that the import gives in its module.
    pub(in crate::rego) fn name(&self) -> &Arc<str> {
        self.alias
            .as_ref()
            .unwrap_or_else(|| self.path.last().expect("a path has components"))
    }

    /// Whether the operands of a `not` are evaluated within it since this import.
    pub(in crate::rego) fn is_negation(&self) -> bool {
        let path: Vec<&str> = self.path.iter().map(|part| &**part).collect();
        matches!(
            path.as_slice(),
            ["future", "keywords"] | ["future", "keywords", "not"]
        )
    }

    /// Whether it only switches keywords on.
    pub(in crate::rego) fn is_keywords(&self) -> bool {
        matches!(&*self.path[0], "future" | "rego")
    }
}

/// Where the operands of a `not` are evaluated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rego) enum Negation {
    /// In front of it: where one is undefined, the `not` does not hold.
    Outside,
    /// Within it: where one is undefined, the `not` holds.
    Within,
}

/// A rule: a head, a body, and what follows under `else`.
#[derive(Clone, Debug)]
pub(in crate::rego) struct Rule {
    /// From its head to the end of its last body.
    pub(in crate::rego) span: Span,
    /// Whether it is a `default` rule.
    pub(in crate::rego) is_default: bool,
    /// The head.
    pub(in crate::rego) head: Head,
    /// The body; none where the rule has none and always holds.
    pub(in crate::rego) body: Option<Body>,
    /// What is tried in order when the body does not hold.
    pub(in crate::rego) otherwise: Vec<Else>,
}

/// The head of a rule.
#[derive(Clone, Debug)]
pub(in crate::rego) struct Head {
    /// Where it stands.
    pub(in crate::rego) span: Span,
    /// What it defines: a variable, or a reference that starts with one.
    pub(in crate::rego) reference: Expr,
    /// Arguments of a function.
    pub(in crate::rego) args: Option<Vec<Expr>>,
    /// The member that it adds to a set (`contains`, or `p[x]` in v0).
    pub(in crate::rego) member: Option<Expr>,
    /// The value that it gives; `true` where none is written.
    pub(in crate::rego) value: Option<Expr>,
}

/// `else := value if { body }`.
#[derive(Clone, Debug)]
pub(in crate::rego) struct Else {
    /// Where it stands.
    pub(in crate::rego) span: Span,
    /// The value; `true` where none is written.
    pub(in crate::rego) value: Option<Expr>,
    /// The body; none where it always holds.
    pub(in crate::rego) body: Option<Body>,
}

/// Statements that must all hold.
pub(in crate::rego) type Body = Vec<Statement>;

/// One statement of a body.
#[derive(Clone, Debug)]
pub(in crate::rego) struct Statement {
    /// Where it stands, modifiers included.
    pub(in crate::rego) span: Span,
    /// What it says.
    pub(in crate::rego) kind: StatementKind,
    /// `with` modifiers.
    pub(in crate::rego) with: Vec<With>,
}

impl Statement {
    /// Two sides with an operator, without modifiers.
    pub(in crate::rego) fn binary(span: Span, operator: Operator, left: Expr, right: Expr) -> Self {
        let kind = ExprKind::Binary(operator, Box::new(left), Box::new(right));
        Self {
            span,
            kind: StatementKind::Expr(Expr::new(span, kind)),
            with: Vec::new(),
        }
    }
}

/// What a statement says.
#[derive(Clone, Debug)]
pub(in crate::rego) enum StatementKind {
    /// `some x, y`.
    Some(Vec<Name>),
    /// `some k, v in xs`.
    SomeIn {
        /// The key's pattern.
        key: Option<Expr>,
        /// The value's pattern.
        value: Expr,
        /// What is iterated over.
        collection: Expr,
    },
    /// `every k, v in xs { … }`.
    Every {
        /// The key's variable.
        key: Option<Name>,
        /// The value's variable.
        value: Name,
        /// What is iterated over.
        domain: Expr,
        /// What must hold for each element.
        body: Body,
    },
    /// An expression that must not be false or undefined.
    Expr(Expr),
    /// `not e`.
    Not(Expr),
}

/// A variable where it is declared.
#[derive(Clone, Debug)]
pub(in crate::rego) struct Name {
    /// Its text.
    pub(in crate::rego) text: Arc<str>,
    /// Where it stands.
    pub(in crate::rego) span: Span,
}

/// `with target as value`.
#[derive(Clone, Debug)]
pub(in crate::rego) struct With {
    /// What is replaced: `input…`, `data…` or a function.
    pub(in crate::rego) target: Expr,
    /// What replaces it.
    pub(in crate::rego) value: Expr,
}

/// An expression or term.
#[derive(Clone, Debug)]
pub(in crate::rego) struct Expr {
    /// Where it stands.
    pub(in crate::rego) span: Span,
    /// What it is.
    pub(in crate::rego) kind: ExprKind,
}

/// What an expression is.
#[derive(Clone, Debug)]
pub(in crate::rego) enum ExprKind {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// A number as written.
    Number(Arc<str>),
    /// A string's value, of either quoting.
    String(Arc<str>),
    /// `$"text {expression}"`.
    Template(Vec<TemplatePart>),
    /// A variable; `_` is the anonymous one.
    Var(Arc<str>),
    /// `[a, b]`.
    Array(Vec<Expr>),
    /// `{a, b}`, `set()`.
    Set(Vec<Expr>),
    /// `{a: b}`.
    Object(Vec<(Expr, Expr)>),
    /// `[term | body]`.
    ArrayCompr(Box<Expr>, Body),
    /// `{term | body}`.
    SetCompr(Box<Expr>, Body),
    /// `{key: value | body}`.
    ObjectCompr(Box<Expr>, Box<Expr>, Body),
    /// `head.field[index]`.
    Ref(Box<Expr>, Vec<Step>),
    /// `name(args)`; the name is a variable or a reference of constant steps.
    Call(Box<Expr>, Vec<Expr>),
    /// `left op right`.
    Binary(Operator, Box<Expr>, Box<Expr>),
    /// `value in collection`, `key, value in collection`.
    In(Option<Box<Expr>>, Box<Expr>, Box<Expr>),
}

/// A step of a reference.
#[derive(Clone, Debug)]
pub(in crate::rego) enum Step {
    /// `.field`.
    Field(Name),
    /// `[index]`.
    Index(Expr),
}

/// A part of a template string.
#[derive(Clone, Debug)]
pub(in crate::rego) enum TemplatePart {
    /// Text between the braces.
    Text(Arc<str>),
    /// An expression in braces.
    Expr(Expr),
}

/// The operators between two terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::rego) enum Operator {
    /// `:=`
    Assign,
    /// `=`
    Unify,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterEqual,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Times,
    /// `/`
    Divide,
    /// `%`
    Remainder,
    /// `&`
    And,
    /// `|`
    Or,
}

impl Operator {
    /// As it is written.
    pub(in crate::rego) fn as_str(self) -> &'static str {
        match self {
            Self::Assign => ":=",
            Self::Unify => "=",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessEqual => "<=",
            Self::Greater => ">",
            Self::GreaterEqual => ">=",
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Times => "*",
            Self::Divide => "/",
            Self::Remainder => "%",
            Self::And => "&",
            Self::Or => "|",
        }
    }
}

impl Expr {
    /// An expression at `span`.
    pub(in crate::rego) fn new(span: Span, kind: ExprKind) -> Self {
        Self { span, kind }
    }

    /// A variable at `span`.
    pub(in crate::rego) fn var(span: Span, name: impl Into<Arc<str>>) -> Self {
        Self::new(span, ExprKind::Var(name.into()))
    }

    /// A call of the function with this dotted name.
    pub(in crate::rego) fn call(span: Span, name: &str, args: Vec<Self>) -> Self {
        let mut parts = name.split('.');
        let head = Self::var(span, parts.next().unwrap_or(name));
        let steps: Vec<Step> = parts
            .map(|part| {
                Step::Field(Name {
                    text: part.into(),
                    span,
                })
            })
            .collect();
        let function = if steps.is_empty() {
            head
        } else {
            Self::new(span, ExprKind::Ref(Box::new(head), steps))
        };
        Self::new(span, ExprKind::Call(Box::new(function), args))
    }

    /// `[true | body] == []`: the body holds for nothing.
    pub(in crate::rego) fn nothing_of(span: Span, body: Body) -> Self {
        let term = Box::new(Self::new(span, ExprKind::Bool(true)));
        let all = Self::new(span, ExprKind::ArrayCompr(term, body));
        let none = Self::new(span, ExprKind::Array(Vec::new()));
        let kind = ExprKind::Binary(Operator::Equal, Box::new(all), Box::new(none));
        Self::new(span, kind)
    }

    /// The text of a variable.
    pub(in crate::rego) fn as_var(&self) -> Option<&Arc<str>> {
        match &self.kind {
            ExprKind::Var(name) => Some(name),
            _ => None,
        }
    }

    /// The components of a variable or of a reference all of whose steps are constant strings.
    pub(in crate::rego) fn as_path(&self) -> Option<Vec<Arc<str>>> {
        match &self.kind {
            ExprKind::Var(name) => Some(vec![Arc::clone(name)]),
            ExprKind::Ref(head, steps) => {
                let mut path = vec![Arc::clone(head.as_var()?)];
                for step in steps {
                    path.push(Arc::clone(step.as_key()?));
                }
                Some(path)
            }
            _ => None,
        }
    }

    /// The longest constant beginning of a reference, and how many of its steps that takes.
    pub(in crate::rego) fn constant_prefix(&self) -> Option<(Vec<Arc<str>>, usize)> {
        match &self.kind {
            ExprKind::Var(name) => Some((vec![Arc::clone(name)], 0)),
            ExprKind::Ref(head, steps) => {
                let mut path = vec![Arc::clone(head.as_var()?)];
                path.extend(steps.iter().map_while(|step| step.as_key().cloned()));
                let taken = path.len() - 1;
                Some((path, taken))
            }
            _ => None,
        }
    }
}

impl Step {
    /// The key of a constant step.
    pub(in crate::rego) fn as_key(&self) -> Option<&Arc<str>> {
        match self {
            Self::Field(name) => Some(&name.text),
            Self::Index(Expr {
                kind: ExprKind::String(text),
                ..
            }) => Some(text),
            Self::Index(_) => None,
        }
    }
}

impl Module {
    /// Where the operands of its `not` are evaluated.
    pub(in crate::rego) fn negation(&self) -> Negation {
        match self.imports.iter().any(Import::is_negation) {
            true => Negation::Within,
            false => Negation::Outside,
        }
    }

    /// The package's path with dots, as users write it.
    pub(in crate::rego) fn package_name(&self) -> String {
        join_path(&self.package)
    }
}

impl Rule {
    /// The name that the rule defines: the first component of its head.
    pub(in crate::rego) fn name(&self) -> &Arc<str> {
        let head = match &self.head.reference.kind {
            ExprKind::Ref(head, _) => head,
            _ => &self.head.reference,
        };
        head.as_var()
            .expect("the parser lets heads start with a variable only")
    }

    /// All bodies: its own and those under `else`.
    pub(in crate::rego) fn bodies(&self) -> impl Iterator<Item = &Body> {
        self.body.iter().chain(
            self.otherwise
                .iter()
                .filter_map(|other| other.body.as_ref()),
        )
    }
}

/// A path as users write it: `a.b["c-d"]`.
pub(in crate::rego) fn join_path(path: &[Arc<str>]) -> String {
    let mut text = String::new();
    for (index, part) in path.iter().enumerate() {
        if index == 0 {
            text.push_str(part);
        } else if is_identifier(part) {
            text.push('.');
            text.push_str(part);
        } else {
            text.push('[');
            text.push_str(&serde_json::Value::from(&**part).to_string());
            text.push(']');
        }
    }
    text
}

/// Whether `text` can be written without quotes.
pub(in crate::rego) fn is_identifier(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}
