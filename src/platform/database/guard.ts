import type { KyselyPlugin, RootOperationNode } from 'kysely'

/** Tables whose rows belong to an organization. A test compares this with the database. */
export const organizationTables: ReadonlySet<string> = new Set([
  'area',
  'avatar',
  'custom_role',
  'custom_role_permission',
  'draft',
  'event',
  'group_locked_field',
  'group_permission',
  'invitation',
  'mail',
  'mail_answer',
  'member_group',
  'membership',
  'membership_permission',
  'membership_role',
  'region',
  'seat_day',
  'two_factor_exemption',
  'two_factor_notice',
])

/** A statement that could reach into another organization. Always a bug: never an answer to a person's input. */
export class UnguardedStatement extends Error {}

type Node = { kind: string } & Record<string, unknown>
const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && 'kind' in value
const list = (value: unknown): Node[] => (Array.isArray(value) ? value : value === undefined ? [] : [value as Node])
const nameIn = (node: unknown): string => String(((node as Node).identifier as Node).name)

/** One item of from, join, using, into or update: its table (null for a query) and the name that it goes by. */
type Item = { table: string | null; alias: string }

function itemOf(node: Node): Item {
  if (node.kind === 'TableNode') {
    const name = nameIn(node.table)
    return { table: name, alias: name }
  }
  if (node.kind !== 'AliasNode') return { table: null, alias: '' }
  const { kind, name, sqlFragments } = node.alias as Node
  const alias = kind === 'IdentifierNode' ? String(name) : (/^\w*/.exec(String(sqlFragments))?.[0] ?? '')
  return { table: itemOf(node.node as Node).table, alias }
}

/** A query block, and in which of its items nothing but the caller's organization can stand. */
type Block = { items: readonly Item[]; bound: Set<string>; around: Block | null }

/** The block in which an alias means something, the nearest first. */
const blockOf = (block: Block | null, alias: string): Block | null =>
  block === null || block.items.some((one) => one.alias === alias) ? block : blockOf(block.around, alias)

/** What follows from a condition: `alias` is bound when `to` is; `to` null: it is, by a value that the caller gave. */
type Fact = { alias: string; to: string | null }

/** The item whose organization a side of a comparison names: by organization_id, or by the organization's own id. */
function named(side: Node, block: Block): string | null {
  if (side.kind !== 'ReferenceNode') return null
  const column = side.column as Node
  if (column.kind !== 'ColumnNode') return null
  const { name } = column.column as Node
  const table = side.table as Node | undefined
  const [first, ...others] = block.items
  const alias = table ? nameIn(table.table) : first && others.length === 0 ? first.alias : ''
  if (name === 'organization_id') return alias
  if (name !== 'id') return null
  const item = blockOf(block, alias)?.items.find((one) => one.alias === alias)
  return item?.table === 'organization' ? alias : null
}

const isValue = (side: Node): boolean =>
  side.kind === 'ValueNode' ||
  side.kind === 'PrimitiveValueListNode' ||
  (side.kind === 'ValueListNode' && list(side.values).every(isValue))

/** The facts of a condition, under "and" alone: what stands under "or" or "not" binds nothing. */
function factsOf(node: Node | undefined, block: Block): Fact[] {
  switch (node?.kind) {
    case 'WhereNode':
      return factsOf(node.where as Node, block)
    case 'OnNode':
      return factsOf(node.on as Node, block)
    case 'ParensNode':
      return factsOf(node.node as Node, block)
    case 'AndNode':
      return [...factsOf(node.left as Node, block), ...factsOf(node.right as Node, block)]
    case 'BinaryOperationNode': {
      const { operator } = node.operator as Node
      if (operator !== '=' && operator !== 'in') return []
      const [left, right] = [node.leftOperand as Node, node.rightOperand as Node]
      const alias = named(left, block)
      const other = named(right, block)
      if (alias !== null && isValue(right)) return [{ alias, to: null }]
      if (other !== null && isValue(left)) return [{ alias: other, to: null }]
      if (alias === null || other === null || operator !== '=') return []
      return [
        { alias, to: other },
        { alias: other, to: alias },
      ]
    }
    default:
      return []
  }
}

/** Whether a join's condition holds for every row that an item gives. Rows that an outer join keeps haven't met it. */
const meets: Record<string, (alias: string, joined: string) => boolean> = {
  LeftJoin: (alias, joined) => alias === joined,
  LateralLeftJoin: (alias, joined) => alias === joined,
  RightJoin: (alias, joined) => alias !== joined,
  FullJoin: () => false,
}

/** Refuses a block in which an organization's table isn't bound. */
function checkBlock(from: Node[], where: Node | undefined, joins: Node[], around: Block | null): Block {
  const items = [...from, ...joins.map((join) => join.table as Node)].map(itemOf)
  const block: Block = { items, bound: new Set(), around }
  const facts = factsOf(where, block)
  joins.forEach((join, n) => {
    const joined = items[from.length + n]?.alias ?? ''
    const met = meets[join.joinType as string]
    for (const fact of factsOf(join.on as Node | undefined, block))
      if (!met || met(fact.alias, joined)) facts.push(fact)
  })
  const holds = (to: string | null) => to === null || blockOf(block, to)?.bound.has(to) === true
  for (let before = -1; before < block.bound.size; ) {
    before = block.bound.size
    for (const { alias, to } of facts) if (holds(to)) block.bound.add(alias)
  }
  for (const { table, alias } of items)
    if (table !== null && organizationTables.has(table) && !block.bound.has(alias))
      throw new UnguardedStatement(`${table} stands without its organization_id`)
  return block
}

const columnName = (column: Node): unknown =>
  column.kind === 'ReferenceNode' ? columnName(column.column as Node) : (column.column as Node | undefined)?.name

/** Nothing moves a row into another organization. */
function keepOrganization(table: string, updates: Node[]): void {
  for (const { column } of updates) {
    const name = columnName(column as Node)
    if (name === undefined || name === 'organization_id')
      throw new UnguardedStatement(`${table} might change its organization_id`)
  }
}

function checkInsert(node: Node): void {
  const { table } = itemOf(node.into as Node)
  if (table === null || !organizationTables.has(table)) return
  const has = (columns: unknown) => list(columns).some((one) => columnName(one) === 'organization_id')
  if (!has(node.columns)) throw new UnguardedStatement(`${table} is inserted without its organization_id`)
  const conflict = node.onConflict as Node | undefined
  if (!conflict?.updates) return
  keepOrganization(table, list(conflict.updates))
  // The row that is in the way could be another organization's.
  if (!has(conflict.columns)) throw new UnguardedStatement(`${table} is updated on a conflict of every organization`)
}

const inText = new RegExp(`\\b(${[...organizationTables].join('|')})\\b|u&"`, 'i')
/** Texts that were looked through: a template's is the same object each time. */
const goodTexts = new WeakSet<object>()

function checkRaw(node: Node): void {
  const texts = node.sqlFragments as string[]
  let found = goodTexts.has(texts) ? undefined : inText.exec(texts.join(' '))?.[0]
  if (!found) goodTexts.add(texts)
  for (const part of node.parameters as Node[]) {
    const name = part.kind === 'TableNode' ? nameIn(part.table) : part.kind === 'IdentifierNode' ? part.name : ''
    if (organizationTables.has(String(name))) found = String(name)
  }
  if (found) throw new UnguardedStatement(`sql names ${found}: say crossing(reason)`)
}

/** Most of a statement are these, and nothing stands in them that could be wrong. */
const leaves = new Set([
  'ReferenceNode',
  'ColumnNode',
  'IdentifierNode',
  'ValueNode',
  'PrimitiveValueListNode',
  'OperatorNode',
])
/** Queries that were found good by themselves: those built from the database come by again, inside others. */
const good = new WeakSet<Node>()

function checkQuery(node: Node, around: Block | null): Block {
  const target = node.kind === 'UpdateQueryNode' ? [node.table as Node] : []
  const from = list((node.from as Node | undefined)?.froms)
  const using = list((node.using as Node | undefined)?.tables)
  const block = checkBlock([...target, ...from, ...using], node.where as Node | undefined, list(node.joins), around)
  for (const { table } of target.map(itemOf))
    if (table !== null && organizationTables.has(table)) keepOrganization(table, list(node.updates))
  return block
}

function check(node: Node, around: Block | null): void {
  if (leaves.has(node.kind)) return
  let block = around
  switch (node.kind) {
    case 'SelectQueryNode':
    case 'UpdateQueryNode':
    case 'DeleteQueryNode':
      if (good.has(node)) return
      block = checkQuery(node, around)
      break
    case 'InsertQueryNode':
      checkInsert(node)
      break
    case 'RawNode':
      checkRaw(node)
      break
    case 'MergeQueryNode':
      throw new UnguardedStatement('merge is not understood by the guard')
  }
  for (const key in node) {
    const value = node[key]
    if (Array.isArray(value)) {
      for (const one of value) if (isNode(one)) check(one, block)
    } else if (isNode(value)) check(value, block)
  }
}

const statements = new Set(['SelectQueryNode', 'UpdateQueryNode', 'DeleteQueryNode', 'InsertQueryNode', 'RawNode'])

/**
 * Refuses to compile a statement in which an organization's table stands without its organization_id (security.md, "Keeping
 * organizations apart", layer 3): in where or on it must be compared with a value, or with the organization_id of another table
 * that is bound so, in the same query block or in one around it; an insert must name it, and nothing may change it.
 */
export const statementGuard: KyselyPlugin = {
  transformQuery: ({ node }: { node: RootOperationNode }) => {
    const root = node as unknown as Node
    if (!statements.has(root.kind)) throw new UnguardedStatement(`${root.kind} is not for this database: say crossing`)
    check(root, null)
    good.add(root)
    return node
  },
  transformResult: async ({ result }) => result,
}

/**
 * The same database without the statement guard, for what must look across organizations: sign-in, links, the operator's
 * commands. `reason` is for the reader; a test holds the list of all of them.
 */
export const crossing = <T extends { withoutPlugins(): T }>(db: T, _reason: string): T => db.withoutPlugins()
