/**
 * Token buckets by key, in memory only. Full buckets are forgotten, so that memory follows what is busy now; when there are too
 * many even so, the oldest go first: that forgives, it never refuses the innocent.
 */
export interface TokenBuckets {
  /** Takes `amount`, or takes nothing and says after how many whole seconds it could. */
  take(key: string, amount: number): number;
}

export interface BucketOptions {
  readonly perSecond: number;
  readonly burst: number;
  readonly maxKeys: number;
  /** Milliseconds that never run backwards. */
  readonly now: () => number;
}

export function tokenBuckets({ perSecond, burst, maxKeys, now }: BucketOptions): TokenBuckets {
  const buckets = new Map<string, { tokens: number; at: number }>();
  const prune = (at: number): void => {
    for (const [key, bucket] of buckets) {
      const full = bucket.tokens + ((at - bucket.at) / 1000) * perSecond >= burst;
      if (!full && buckets.size < maxKeys) return;
      buckets.delete(key);
    }
  };
  return {
    take: (key, amount) => {
      const at = now();
      const bucket = buckets.get(key) ?? { tokens: burst, at };
      bucket.tokens = Math.min(burst, bucket.tokens + ((at - bucket.at) / 1000) * perSecond);
      bucket.at = at;
      // Moved to the end: the map stays in the order of last use.
      buckets.delete(key);
      if (buckets.size >= maxKeys) prune(at);
      buckets.set(key, bucket);
      // What is larger than a whole burst is granted from a full bucket: it could never be otherwise.
      const needed = Math.min(amount, burst);
      if (bucket.tokens < needed) return Math.max(1, Math.ceil((needed - bucket.tokens) / perSecond));
      bucket.tokens -= needed;
      return 0;
    },
  };
}
