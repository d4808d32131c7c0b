/** What the aliases of a document stand for. Few words can stand for any number of values: they are counted before any is made. */
import { type Alias, type Document, isAlias, isCollection, isNode, isPair, type Node } from "yaml"
import type { At } from "./syntax.ts"

/** Values that a document may hold over those that are written in it. */
const valuesMax = 10_000

/** What a node stands for. */
export type Resolved = (node: unknown) => unknown

export const resolveAliases = ({ contents }: Document, at: At): Resolved => {
  const targets = new Map<Alias, Node>()
  /** The last node of a name so far, and how many values it holds; nothing while it is being looked at. */
  const anchors = new Map<string, { readonly node: Node; values?: number }>()
  let added = 0

  const follow = (alias: Alias): number => {
    const { source } = alias
    const anchor = anchors.get(source)
    if (anchor === undefined)
      throw at(alias, `'*${source}' stands for nothing: no '&${source}' is before it. Text that begins with * needs quotes.`, "repeats")
    if (anchor.values === undefined) throw at(alias, `'*${source}' stands for what it is in.`, "repeats")
    added += anchor.values
    if (added > valuesMax) throw at(alias, `up to here its aliases stand for more than ${valuesMax} values: write out what is meant.`)
    targets.set(alias, anchor.node)
    return anchor.values
  }
  const count = (node: unknown): number => {
    if (isAlias(node)) return follow(node)
    if (isPair(node)) return count(node.key) + count(node.value)
    if (!isNode(node)) return 0
    const anchor: { readonly node: Node; values?: number } = { node }
    if (node.anchor !== undefined) anchors.set(node.anchor, anchor)
    anchor.values = isCollection(node) ? node.items.reduce((sum: number, item) => sum + count(item), 1) : 1
    return anchor.values
  }
  count(contents)
  return (node) => (isAlias(node) ? targets.get(node) : node)
}
