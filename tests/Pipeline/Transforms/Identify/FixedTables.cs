using System.Text;
using StreamEngine.Pipeline.Transforms.Identify;

namespace StreamEngine.Pipeline.Tests.Transforms.Identify;

/// <summary>Tables that change when a test says so.</summary>
internal sealed class FixedTables(Crosswalk crosswalk) : ICrosswalkSource
{
    public Crosswalk Current { get; set; } = crosswalk;

    public string? Problem => null;

    public IdentityReport? Report { get; set; }

    /// <summary>Reads a table and decisions by hand, which must be without faults.</summary>
    public static Crosswalk Read(string table, string overrides = "", IdentifyTableOptions? layout = null)
    {
        var crosswalk = new Crosswalk();
        TableText.ReadCsv(new StringReader(table), crosswalk.Rows(layout ?? new IdentifyTableOptions(), Fail), Fail);
        if (overrides.Length > 0)
        {
            TableText.ReadCsv(new StringReader(overrides), crosswalk.Overrides(Fail), Fail);
        }

        return crosswalk;
    }

    private static void Fail(int line, string message) => Assert.Fail($"{line}: {message}");
}
