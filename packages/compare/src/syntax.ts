import {
  isBindingElement,
  isCallExpression,
  isExportAssignment,
  isExportDeclaration,
  isExportSpecifier,
  isIdentifier,
  isImportDeclaration,
  isLiteralExpression,
  isNamedImports,
  isNamespaceExport,
  isPropertyAccessExpression,
  isVariableDeclaration,
  type Node,
  type SourceFile,
  SyntaxKind,
} from "typescript/unstable/ast";
import { createVirtualFileSystem } from "typescript/unstable/fs";
import { API } from "typescript/unstable/sync";

// TypeScript 7 is a native program, and its JavaScript interface is called unstable. The catalog pins the version
// to the patch and only faces.ts imports it too, so a change of that interface affects only two files.

/** A string, the text part of a template, or a number. */
export interface Literal {
  value: string | number;
  line: number;
  /** The last name of the function that takes the literal as an argument: `on` for `ws.on("close", …)`. */
  argumentOf?: string;
}

/** A name with its place. */
export interface Named {
  name: string;
  line: number;
}

/** A value that a file imports, by the name that its module exports. */
export interface Imported {
  name: string;
  module: string;
}

/** The facts about a file that parity needs. Comments do not matter. */
export interface Syntax {
  exports: Named[];
  /** What it imports by name, except types. */
  imports: Imported[];
  /** The modules it imports statically or dynamically, or re-exports. */
  modules: Named[];
  /** All literals except the names of modules. */
  literals: Literal[];
  /** Where it is not TypeScript. */
  errors: Named[];
}

/** Parses files that are in memory. The keys are their paths, which are not read from disk. */
export function readSyntax(files: Map<string, string>): Map<string, Syntax> {
  const config = {
    compilerOptions: { noLib: true, noResolve: true, types: [] },
    files: [...files.keys()].map((path) => `/${path}`),
  };
  const virtual = Object.fromEntries([...files].map(([path, text]) => [`/${path}`, text]));
  const fs = createVirtualFileSystem({ ...virtual, "/tsconfig.json": JSON.stringify(config) });
  const api = new API({ cwd: "/", fs });
  try {
    const [project] = api.updateSnapshot({ openProjects: ["/tsconfig.json"] }).getProjects();
    if (!project) throw new Error("TypeScript did not open the project");
    const { program } = project;
    return new Map([...files.keys()].map((path) => [path, syntaxOf(program, path)]));
  } finally {
    api.close();
  }
}

type Program = ReturnType<ReturnType<API["updateSnapshot"]>["getProjects"]>[number]["program"];

function syntaxOf(program: Program, path: string): Syntax {
  const file = program.getSourceFile(`/${path}`);
  if (!file) throw new Error(`TypeScript did not read ${path}`);
  const [exports, imports] = [exportsOf(file), importsOf(file)];
  const found: Syntax = { exports, imports, modules: [], literals: [], errors: [] };
  for (const { text, pos } of program.getSyntacticDiagnostics(`/${path}`)) {
    found.errors.push({ name: text, line: lineAt(file, pos) });
  }
  visit(file, file, found);
  return found;
}

function visit(file: SourceFile, node: Node, found: Syntax): void {
  const value = literalValue(node);
  if (value !== undefined) {
    const line = lineAt(file, node.getStart(file));
    if (namesModule(node)) found.modules.push({ name: String(value), line });
    else found.literals.push({ value, line, ...argumentOf(node) });
  }
  node.forEachChild((child) => visit(file, child, found));
}

function literalValue(node: Node): string | number | undefined {
  if (node.kind === SyntaxKind.NumericLiteral) return Number((node as Node & { text: string }).text);
  if (node.kind === SyntaxKind.RegularExpressionLiteral) return undefined;
  if (isLiteralExpression(node) || isTemplatePart(node)) return (node as Node & { text: string }).text;
  return undefined;
}

function isTemplatePart(node: Node): boolean {
  return [SyntaxKind.TemplateHead, SyntaxKind.TemplateMiddle, SyntaxKind.TemplateTail].includes(node.kind);
}

function namesModule({ parent }: Node): boolean {
  if (isImportDeclaration(parent) || isExportDeclaration(parent)) return true;
  return isCallExpression(parent) && parent.expression.kind === SyntaxKind.ImportKeyword;
}

function argumentOf({ parent }: Node): { argumentOf?: string } {
  if (!isCallExpression(parent)) return {};
  const { expression } = parent;
  if (isIdentifier(expression)) return { argumentOf: expression.text };
  if (isPropertyAccessExpression(expression)) return { argumentOf: expression.name.text };
  return {};
}

function exportsOf(file: SourceFile): Named[] {
  return file.statements.flatMap((statement) => {
    const line = lineAt(file, statement.getStart(file));
    return exportedNames(statement).map((name) => ({ name, line }));
  });
}

function importsOf(file: SourceFile): Imported[] {
  return file.statements.filter(isImportDeclaration).flatMap(({ importClause, moduleSpecifier }) => {
    const bindings = importClause?.namedBindings;
    if (!bindings || !isNamedImports(bindings)) return [];
    if (importClause.phaseModifier === SyntaxKind.TypeKeyword) return [];
    const module = String(literalValue(moduleSpecifier));
    return bindings.elements
      .filter((element) => !element.isTypeOnly)
      .map(({ name, propertyName }) => ({ name: (propertyName ?? name).text, module }));
  });
}

function exportedNames(statement: Node): string[] {
  if (isExportAssignment(statement)) return ["default"];
  if (isExportDeclaration(statement)) {
    const { exportClause, moduleSpecifier } = statement;
    if (!exportClause) return [`* from ${moduleSpecifier?.getText()}`];
    if (isNamespaceExport(exportClause)) return [exportClause.name.text];
    return exportClause.elements.filter(isExportSpecifier).map((element) => element.name.text);
  }
  const modifiers = new Set<SyntaxKind>();
  statement.forEachChild((child) => void modifiers.add(child.kind));
  if (!modifiers.has(SyntaxKind.ExportKeyword)) return [];
  if (modifiers.has(SyntaxKind.DefaultKeyword)) return ["default"];
  return declaredNames(statement);
}

/** Returns the names that a statement declares, including each variable of a pattern. */
function declaredNames(node: Node): string[] {
  const { name } = node as Node & { name?: Node };
  if (name && isIdentifier(name)) return [name.text];
  if (name) return declaredNames(name);
  const names: string[] = [];
  node.forEachChild((child) => {
    if (isVariableDeclaration(child) || isBindingElement(child) || isList(child)) {
      names.push(...declaredNames(child));
    }
  });
  return names;
}

function isList(node: Node): boolean {
  return node.kind === SyntaxKind.VariableDeclarationList;
}

function lineAt(file: SourceFile, position: number): number {
  return file.getLineAndCharacterOfPosition(position).line + 1;
}
