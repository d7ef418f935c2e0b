using System.Globalization;
using System.Text.Json;

namespace StreamEngine.Sources.Simulator;

/// <summary>Made-up items, all of them or one.</summary>
internal sealed class ItemsAnswer(SimPathOptions path, int seed) : SimAnswer(path)
{
    private readonly TimeSpan? every = path.Every?.Value;

    public override int Fits(string path) => path == Options.Path || IdOf(path) > 0 ? int.MaxValue : -1;

    public override string Tag(SimView view) => Item(1, view).Step.ToString("x", CultureInfo.InvariantCulture);

    public SimItem Item(int id, SimView view) => SimItem.Of(seed, id, every, view.At);

    public override void Write(string asked, SimView view, Utf8JsonWriter to)
    {
        if (IdOf(asked) is > 0 and var id)
        {
            Write(Item(id, view), view, to);
            return;
        }

        if (Options.In is { } name)
        {
            to.WriteStartObject();
            to.WritePropertyName(name);
        }

        to.WriteStartArray();
        for (var i = 1; i <= (view.IsHalf ? Options.Items / 2 : Options.Items); i++)
        {
            Write(Item(i, view), default, to);
        }

        to.WriteEndArray();
        if (Options.In is not null)
        {
            WriteLeft(view, to);
            to.WriteEndObject();
        }
    }

    private static void Write(SimItem item, SimView view, Utf8JsonWriter to)
    {
        to.WriteStartObject();
        to.WriteString("id", item.Id.ToString(CultureInfo.InvariantCulture));
        to.WriteNumber("value", item.Value);
        to.WriteNumber("step", item.Step);
        to.WriteString("at", item.At.UtcDateTime);
        WriteLeft(view, to);
        to.WriteEndObject();
    }

    /// <summary>Of <c>/items/3</c>, 3; 0 when it is none of the items.</summary>
    private int IdOf(string path) =>
        path.Length > Options.Path.Length && path.StartsWith(Options.Path, StringComparison.Ordinal) && path[Options.Path.Length] == '/'
        && int.TryParse(path.AsSpan(Options.Path.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var id) && id <= Options.Items ? id : 0;
}
