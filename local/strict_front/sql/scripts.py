"""The statements of a script, each with the variables and tables that it sees."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from local.strict_front.sql import changes, created_tables, features, types
from local.strict_front.sql.catalog import Scope, UnknownTableError
from local.strict_front.sql.googlesql import SqlError, kind, place, text
from local.strict_front.sql.guards import Guards
from local.strict_front.sql.statements import (
    TABLE_NOT_FOUND,
    Meaning,
    Reader,
    RefusedError,
    altered,
    from_error,
    refused,
    table,
)

_PROCEDURAL: Final = f"{features.REFERENCE}procedural-language"
_BOOL: Final = {"type": "BOOLEAN"}
_TEXT: Final = {"type": "STRING"}
_LITTLE: Final = frozenset({
    "ASTBeginStatementProto",
    "ASTBreakStatementProto",
    "ASTCommitStatementProto",
    "ASTContinueStatementProto",
    "ASTReturnStatementProto",
    "ASTRollbackStatementProto",
})
# What stands in a procedure is not followed, and so are arguments of a call.
_NOT_FOLLOWED: Final = frozenset({"ASTCallStatementProto", "ASTCreateProcedureStatementProto"})


class Script:
    """A script that is gone through from its first statement to its last.

    Args:
        text: The script.
        reader: Reads its statements.

    Attributes:
        guards: What is to be added to it.
        kinds: Names of its statements' nodes, in the order of the text.
        most_read: How many tables one of its statements reads at most, of those that surely run.
        jobs: How many of its statements and expressions are jobs of their own on BigQuery.
        reads: How many tables all of them read: each is billed for itself.
        changes: What its statements change, but for what is temporary.
    """

    def __init__(self, text: str, reader: Reader) -> None:
        self._text = text
        self._bytes = text.encode()
        self._reader = reader
        self.guards = Guards(self._bytes)
        self.kinds: list[str] = []
        self.most_read = 0
        self.jobs = 0
        self.reads = 0
        self.changes: list[changes.Change] = []
        self._certain = True

    def check(self, scope: Scope) -> None:
        """Go through the script.

        Raises:
            RefusedError: BigQuery refuses it.
        """
        try:
            tree = self._reader.language.parse(self._text)
        except SqlError as error:
            raise RefusedError(from_error(error, self._bytes, 0)) from None
        self._block(tree.statement_list_node.statement_list, scope, certain=True)

    def _block(self, statements: Any, scope: Scope, *, certain: bool) -> None:
        """Go through statements.

        Args:
            statements: Their nodes.
            scope: What stands around the first of them.
            certain: Whether all of them run.
        """
        declared: list[str] = []
        begun, last = False, 0
        for statement in statements:
            node = kind(statement)
            name = node.DESCRIPTOR.name
            self.kinds.append(name)
            self._certain = certain
            is_declaration = name == "ASTVariableDeclarationProto"
            if is_declaration and begun:
                wrong = "Variable declarations are allowed only at the start of a block or script"
                raise RefusedError(refused("declare_first", wrong, f"{_PROCEDURAL}#declare"))
            if not is_declaration and not begun:
                self.guards.variables(last, declared, scope)
                begun = True
            try:
                if is_declaration:
                    declared += self._declare(node, scope)
                    last = place(node)[1]
                else:
                    self._one(node, scope, certain=certain)
            except (UnknownTableError, RefusedError) as error:
                if certain or not _is_missing_table(error):
                    raise self._refused(error, node) from None
                # Where it is not known whether it runs, the service tells when it does; what a variable would be is
                # not known then, nor what comes after it.
                if is_declaration:
                    return
        if not begun:
            self.guards.variables(last, declared, scope)

    def _refused(self, error: UnknownTableError | RefusedError, node: Any) -> RefusedError:
        if isinstance(error, RefusedError):
            return error
        return RefusedError(from_error(error, self._bytes, place(node)[0]))

    def _one(self, node: Any, scope: Scope, *, certain: bool) -> None:
        name = node.DESCRIPTOR.name
        if name in _LITTLE or name in _NOT_FOLLOWED:
            self.changes += changes.of_statement(node, self._bytes)
            return
        handlers = {
            "ASTSingleAssignmentProto": self._set,
            "ASTAssignmentFromStructProto": self._set_many,
            "ASTIfStatementProto": self._if,
            "ASTCaseStatementProto": self._case,
            "ASTWhileStatementProto": self._while,
            "ASTRepeatStatementProto": self._repeat,
            "ASTForInStatementProto": self._for,
            "ASTRaiseStatementProto": self._raise,
            "ASTExecuteImmediateStatementProto": self._execute,
        }
        if name == "ASTBeginEndBlockProto":
            self._begin(node, scope, certain=certain)
        elif name in handlers:
            handlers[name](node, scope)
        else:
            self._sql(node, scope)

    def _sql(self, node: Any, scope: Scope) -> None:
        """Read a statement that is no control statement, and remember what it makes."""
        self.guards.partitions(node, scope)
        self.guards.matches(node)
        name = node.DESCRIPTOR.name
        also: tuple[tuple[str, ...], ...] = ()
        if name.startswith("ASTAlter") and name != "ASTAlterSchemaStatementProto":
            also = (tuple(part.id_string for part in node.parent.path.names),)
        meaning = self._read(node, scope, name, also=also)
        # One without a table is a job, too; an expression only when it reads one: see _value.
        self.jobs += 1
        if meaning.function is not None:
            scope.functions.append(meaning.function)
        if meaning.makes:
            names, fields = meaning.makes
            path = ("", "", names[-1]) if meaning.temporary else scope.path(names)
            scope.made[path] = table(fields, is_view=meaning.is_view)
        elif name == "ASTDropStatementProto":
            scope.made[scope.path(part.id_string for part in node.name.names)] = None
        elif meaning.adds or meaning.drops:
            path = scope.path(also[0])
            before = scope.look_up(path) or {}
            if broken := created_tables.dropped(before, meaning.drops):
                raise RefusedError(refused(*broken))
            scope.made[path] = altered(before, meaning)
        self.changes += [
            (permission, named)
            for permission, named in changes.of_statement(node, self._bytes)
            if ("", "", named.replace("`", "")) not in scope.made
        ]

    def _declare(self, node: Any, scope: Scope) -> list[str]:
        """Declare variables. Gives their names."""
        names = [one.id_string for one in node.variable_list.identifier_list]
        for name in names:
            if name.lower() in scope.variables:
                wrong = f"Variable '{name}' redeclaration"
                raise RefusedError(refused("declared_twice", wrong, f"{_PROCEDURAL}#declare"))
        wanted = None
        if node.HasField("type"):
            wanted = self._value(node.type, scope, before="SELECT CAST(NULL AS ").columns[0][1]
        if node.HasField("default_value"):
            found = self._value(node.default_value, scope, wanted)
            wanted = wanted if wanted is not None else found.columns[0][1]
        scope.variables.update({name.lower(): wanted for name in names})
        return names

    def _set(self, node: Any, scope: Scope) -> None:
        name = node.variable.id_string
        self._value(node.expression, scope, self._variable(name, scope))
        self.guards.variables(place(node)[1], [name], scope)
        # After what looks at the variable, so that it is put before that: what is added last at a place comes first.
        self.guards.bracket(*place(node.expression))

    def _set_many(self, node: Any, scope: Scope) -> None:
        names = [one.id_string for one in node.variables.identifier_list]
        wanted = types.struct_of([("", self._variable(name, scope)) for name in names])
        self._value(node.struct_expression, scope, wanted)
        self.guards.variables(place(node)[1], names, scope)

    def _if(self, node: Any, scope: Scope) -> None:
        self._value(node.condition, scope, types.of_field(_BOOL))
        for clause in node.elseif_clauses.elseif_clauses:
            self._value(clause.condition, scope, types.of_field(_BOOL))
        for body in (
            node.then_list,
            *(one.body for one in node.elseif_clauses.elseif_clauses),
            node.else_list,
        ):
            self._block(body.statement_list, scope, certain=False)

    def _case(self, node: Any, scope: Scope) -> None:
        of = ""
        if node.HasField("expression"):
            of = f"({text(node.expression, self._bytes)}) = "
        for clause in node.when_then_clauses.when_then_clauses:
            self._value(clause.condition, scope, types.of_field(_BOOL), before=f"SELECT ({of}(", after="))")
            self._block(clause.body.statement_list, scope, certain=False)
        self._block(node.else_list.statement_list, scope, certain=False)

    def _while(self, node: Any, scope: Scope) -> None:
        if node.HasField("condition"):
            self._value(node.condition, scope, types.of_field(_BOOL))
        self._block(node.parent.body.statement_list, scope, certain=False)

    def _repeat(self, node: Any, scope: Scope) -> None:
        self._block(node.parent.body.statement_list, scope, certain=False)
        self._value(node.until_clause.condition, scope, types.of_field(_BOOL))

    def _for(self, node: Any, scope: Scope) -> None:
        rows = self._read(node.query, scope)
        inner = scope.inner()
        inner.variables[node.variable.id_string.lower()] = types.struct_of(list(rows.columns))
        self._block(node.parent.body.statement_list, inner, certain=False)

    def _begin(self, node: Any, scope: Scope, *, certain: bool) -> None:
        handlers = node.handler_list.exception_handler_list
        body = node.statement_list_node.statement_list
        self._block(body, scope.inner(), certain=certain and not handlers)
        for handler in handlers:
            self._block(handler.statement_list.statement_list, scope.inner(), certain=False)

    def _raise(self, node: Any, scope: Scope) -> None:
        if node.HasField("message"):
            self._value(node.message, scope, types.of_field(_TEXT))

    def _execute(self, node: Any, scope: Scope) -> None:
        """Read dynamic SQL where it is written out; what is put together when the script runs is not known here."""
        meaning = self._value(node.sql, scope, types.of_field(_TEXT))
        named, positional = {}, []
        for argument in node.using_clause.arguments:
            found = self._value(argument.expression, scope).columns[0][1]
            if argument.HasField("alias"):
                named[argument.alias.identifier.id_string.lower()] = found
            else:
                positional.append(found)
        names = [one.id_string for one in node.into_clause.identifiers.identifier_list]
        for name in names:
            self._variable(name, scope)
        if meaning.text is not None:
            inner = replace(scope.inner(), parameters=named, positional=tuple(positional))
            dynamic = Script(meaning.text, self._reader)
            dynamic.check(inner)
            self.changes += dynamic.changes
        if names:
            self.guards.variables(place(node)[1], names, scope)

    def _variable(self, name: str, scope: Scope) -> Any:
        if name.lower() not in scope.variables:
            raise RefusedError(refused("undeclared", f"Undeclared variable: {name}", f"{_PROCEDURAL}#set"))
        return scope.variables[name.lower()]

    def _value(
        self,
        expression: Any,
        scope: Scope,
        target: Any | None = None,
        *,
        before: str = "SELECT (",
        after: str = ")",
    ) -> Meaning:
        """Read an expression, as the one column of a query.

        Args:
            expression: Its node in the syntax tree.
            scope: What stands around it.
            target: The type that it must go into.
            before: What makes a query of it.
            after: The rest of that.
        """
        # Without a line of its own, a comment at the end of the expression would hide what comes after it.
        sql = f"{before}{text(expression, self._bytes)}\n{after}"
        try:
            meaning = self._noted(self._reader.read(sql, scope, target=target))
        except SqlError as error:
            raise RefusedError(from_error(error, self._bytes, place(expression)[0], before)) from None
        self.jobs += meaning.reads > 0
        return meaning

    def _read(
        self, node: Any, scope: Scope, name: str = "", *, also: tuple[tuple[str, ...], ...] = ()
    ) -> Meaning:
        try:
            return self._noted(self._reader.read(text(node, self._bytes), scope, name, also=also))
        except SqlError as error:
            raise RefusedError(from_error(error, self._bytes, place(node)[0])) from None

    def _noted(self, meaning: Meaning) -> Meaning:
        if self._certain:
            self.most_read = max(self.most_read, meaning.reads)
        self.reads += meaning.reads
        return meaning


def _is_missing_table(error: UnknownTableError | RefusedError) -> bool:
    return isinstance(error, UnknownTableError) or error.refusal.rule == TABLE_NOT_FOUND
