/**
 * The strongly connected components of a directed graph (Tarjan 1972, without recursion, so that depth is bounded by
 * memory and not by the stack). Components come in reverse topological order, each in no particular order.
 */
export function components(nodes: readonly number[], next: (node: number) => readonly number[]): readonly (readonly number[])[] {
  const order = new Map<number, number>();
  const low = new Map<number, number>();
  const stack: number[] = [];
  const onStack = new Set<number>();
  const out: number[][] = [];
  const enter = (node: number): { readonly node: number; readonly rest: readonly number[]; at: number } => {
    order.set(node, order.size);
    low.set(node, order.size - 1);
    stack.push(node);
    onStack.add(node);
    return { node, rest: next(node), at: 0 };
  };
  const lower = (node: number, to: number): void => {
    low.set(node, Math.min(low.get(node) ?? to, to));
  };
  for (const root of nodes) {
    if (order.has(root)) continue;
    const path = [enter(root)];
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const child = top.rest[top.at++];
      if (child !== undefined) {
        const seen = order.get(child);
        if (seen === undefined) path.push(enter(child));
        else if (onStack.has(child)) lower(top.node, seen);
        continue;
      }
      path.pop();
      const reached = low.get(top.node) ?? 0;
      const parent = path.at(-1);
      if (parent !== undefined) lower(parent.node, reached);
      if (reached !== order.get(top.node)) continue;
      const component: number[] = [];
      for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
        onStack.delete(node);
        component.push(node);
        if (node === top.node) break;
      }
      out.push(component);
    }
  }
  return out;
}
