// Vitest prints failures with Map.groupBy, which comes with Node 21: on Node 20 they would be unreadable.
Map.groupBy ??= (items, keyOf) => {
  const groups = new Map()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return groups
}
