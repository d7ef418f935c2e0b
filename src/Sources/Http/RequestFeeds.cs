using System.Collections.Concurrent;
using StreamEngine.Pipeline.Json;

namespace StreamEngine.Sources.Http;

/// <summary>
/// How an http source learns its requests from another one's payloads, or that they are urgent: in process, beside the pipeline. One instance
/// serves all sources.
/// </summary>
internal sealed class RequestFeeds
{
    private readonly ConcurrentDictionary<string, Urgency> urgencies = new(StringComparer.Ordinal);
    private readonly Lock @lock = new();
    private readonly Dictionary<string, Dictionary<string, WeakReference<DiscoveredItems>>> readers = new(StringComparer.Ordinal);

    /// <summary>From now on <paramref name="items"/> gets what <paramref name="source"/> receives; it replaces what the reader had before and takes over what that knew. The reader must keep it alive.</summary>
    internal void Subscribe(string source, string reader, DiscoveredItems items)
    {
        lock (@lock)
        {
            if (!readers.TryGetValue(source, out var known))
            {
                readers[source] = known = new(StringComparer.Ordinal);
            }

            if (known.TryGetValue(reader, out var before) && before.TryGetTarget(out var earlier))
            {
                items.TakeOver(earlier);
            }

            known[reader] = new WeakReference<DiscoveredItems>(items);
        }
    }

    /// <summary>How a source is asked to make its requests at once, by its name.</summary>
    internal Urgency UrgencyOf(string source) => urgencies.GetOrAdd(source, static _ => new Urgency());

    /// <summary>Whether another source learns from this one what to ask.</summary>
    internal bool HasReaders(string source) => Readers(source).Count > 0;

    /// <summary>A source received a payload that is new.</summary>
    internal void Publish(string source, int request, ReadOnlySpan<byte> json)
    {
        var known = Readers(source);
        if (known.Count == 0)
        {
            return;
        }

        // What is no JSON goes to the dead letter on its way through the pipeline; here it says nothing new.
        if (!new JsonTape().TryRead(json, out var payload))
        {
            return;
        }

        foreach (var items in known)
        {
            items.Read(request, payload);
        }
    }

    /// <summary>A source no longer makes a request: what its payloads listed is gone.</summary>
    internal void Forget(string source, int request)
    {
        foreach (var items in Readers(source))
        {
            items.Forget(request);
        }
    }

    private List<DiscoveredItems> Readers(string source)
    {
        lock (@lock)
        {
            if (!readers.TryGetValue(source, out var known))
            {
                return [];
            }

            var live = new List<DiscoveredItems>();
            foreach (var (reader, reference) in known)
            {
                if (reference.TryGetTarget(out var items))
                {
                    live.Add(items);
                }
                else
                {
                    // A reload left the reader out of the config.
                    known.Remove(reader);
                }
            }

            return live;
        }
    }
}
