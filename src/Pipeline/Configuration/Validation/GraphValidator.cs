using StreamEngine.Pipeline.Configuration.Faults;

namespace StreamEngine.Pipeline.Configuration.Validation;

/// <summary>The picture must hang together: every block is fed and read, and nothing reads itself.</summary>
internal sealed class GraphValidator
{
    private readonly ValidationSubject subject;
    private readonly IReadOnlyList<string> sources;
    private readonly IReadOnlyList<string> transforms;
    private readonly IReadOnlyList<string> sinks;
    private readonly HashSet<string> read = new(StringComparer.Ordinal);
    private bool isPartial;

    private GraphValidator(ValidationSubject subject)
    {
        this.subject = subject;
        sources = subject.NamesIn("sources");
        transforms = subject.NamesIn("transforms");
        sinks = subject.NamesIn("sinks");
    }

    public static void Validate(ValidationSubject subject) => new GraphValidator(subject).Validate();

    private void Validate()
    {
        foreach (var (name, transform) in subject.Options.Transforms)
        {
            CheckFrom($"{SettingPath.Child("transforms", name)}.from", transform.From, isSink: false);
        }

        foreach (var (name, sink) in subject.Options.Sinks)
        {
            CheckFrom($"{SettingPath.Child("sinks", name)}.from", sink.From, isSink: true);
        }

        foreach (var source in subject.Options.Sources.Values)
        {
            isPartial |= source is Binding.UnknownSource;
            foreach (var name in source is IReadsSources reader ? reader.SourcesRead : [])
            {
                MeantAs(name, sources);
            }
        }

        CheckCycles();
        CheckReaders();
    }

    private void CheckFrom(string path, IReadOnlyList<string> from, bool isSink)
    {
        // Without a readable 'from' it can't be said who reads whom; that fault is reported already.
        isPartial |= from.Count == 0;
        var allowed = isSink ? transforms : [.. sources, .. transforms];
        for (var i = 0; i < from.Count; i++)
        {
            var name = from[i];
            var item = SettingPath.Item(path, i);
            if (from.Take(i).Contains(name))
            {
                subject.Error(item, $"'{name}' is named twice; remove one");
            }
            else if (allowed.Contains(name))
            {
                read.Add(name);
            }
            else if (isSink && sources.Contains(name))
            {
                read.Add(name);
                subject.Error(item, $"'{name}' is a source, and a sink reads transforms; put a transform between them");
            }
            else if (sinks.Contains(name))
            {
                isPartial = true;
                subject.Error(item, $"'{name}' is a sink, and nothing comes out of a sink; {Suggestion.Hint("", allowed, "add a transform")}");
            }
            else
            {
                MeantAs(name, allowed);
                subject.Error(item, $"there is no {(isSink ? "transform" : "source or transform")} '{name}'; {Suggestion.Hint(name, allowed, $"add a {(isSink ? "transform" : "source")} of that name")}");
            }
        }
    }

    // The block that was probably meant counts as read: one slip, one fault. When none is close, it may have been any.
    private void MeantAs(string name, IReadOnlyList<string> allowed)
    {
        var meant = allowed.Contains(name) ? name : Suggestion.Nearest(name, allowed);
        isPartial |= meant is null;
        read.Add(meant ?? name);
    }

    private void CheckCycles()
    {
        var done = new HashSet<string>(StringComparer.Ordinal);
        foreach (var start in subject.Options.Transforms.Keys)
        {
            Visit(start, [], done);
        }
    }

    private void Visit(string name, List<string> trail, HashSet<string> done)
    {
        if (done.Contains(name) || !subject.Options.Transforms.TryGetValue(name, out var transform))
        {
            return;
        }

        trail.Add(name);
        for (var i = 0; i < transform.From.Count; i++)
        {
            var at = trail.IndexOf(transform.From[i]);
            if (at < 0)
            {
                Visit(transform.From[i], trail, done);
                continue;
            }

            var loop = string.Join(" reads ", trail.Skip(at).Append(trail[at]));
            subject.Error(SettingPath.Item($"{SettingPath.Child("transforms", name)}.from", i), $"goes in a circle: {loop}; remove one of these");
        }

        trail.RemoveAt(trail.Count - 1);
        done.Add(name);
    }

    private void CheckReaders()
    {
        if (isPartial)
        {
            return;
        }

        foreach (var (group, name) in sources.Select(s => ("sources", s)).Concat(transforms.Select(t => ("transforms", t))))
        {
            if (!read.Contains(name))
            {
                subject.Error(SettingPath.Child(group, name), $"nobody reads '{name}'; add it to the \"from\" of a transform{(group == "transforms" ? " or sink" : "")}, or remove it");
            }
        }
    }
}
