/** What a schema says of a place in the values that it describes. Pure. */
import type * as Schema from "effect/Schema"
import type * as SchemaAST from "effect/SchemaAST"

type Step = (ast: SchemaAST.AST) => ReadonlyArray<SchemaAST.AST>

const into =
  (key: string): Step =>
  (ast) => {
    if (ast._tag === "Union") return ast.types.flatMap(into(key))
    if (ast._tag === "Arrays") return ast.rest
    if (ast._tag !== "Objects") return []
    const own = ast.propertySignatures.find(({ name }) => name === key)
    return own === undefined ? ast.indexSignatures.map(({ type }) => type) : [own.type]
  }

const members: Step = (ast) => (ast._tag === "Union" ? ast.types.flatMap(members) : [ast])

/** Each kind of value that may stand there; none where nothing may. */
const kindsAt = (schema: Schema.Top, path: ReadonlyArray<string>): ReadonlyArray<SchemaAST.AST> =>
  path.reduce<ReadonlyArray<SchemaAST.AST>>((found, key) => found.flatMap(into(key)), [schema.ast]).flatMap(members)

/** The fields that may stand at a place. */
export const fieldsAt = (schema: Schema.Top, path: ReadonlyArray<string>): ReadonlyArray<string> =>
  kindsAt(schema, path).flatMap((ast) => (ast._tag === "Objects" ? ast.propertySignatures.map(({ name }) => String(name)) : []))

/** Whether a place takes true and false. */
export const takesBoolean = (schema: Schema.Top, path: ReadonlyArray<string>): boolean =>
  kindsAt(schema, path).some(({ _tag }) => _tag === "Boolean")
