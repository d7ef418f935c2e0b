using System.Text;
using StreamEngine.Pipeline.Records;
using StreamEngine.Pipeline.Tests.Mapping;
using StreamEngine.Pipeline.Transforms.Identify;
using StreamEngine.Pipeline.Transforms.Normalize;

namespace StreamEngine.Pipeline.Tests.Transforms.Identify;

/// <summary>All players in the recorded payloads of the MLB Stats API and of ESPN, and the Chadwick register as the table.</summary>
public sealed class RecordedPlayersTests
{
    private const string Register = "crosswalk/chadwick_register_mlb2000plus_subset.csv";

    private const string MlbMap = """
        [{ "record": "player", "each": "$..[?@.fullName && @.id]", "key": "player:mlb:{id}", "fields": { "name": "fullName", "born": "birthDate" } }]
        """;

    private const string EspnMap = """
        [
          { "record": "player", "each": "$..[?@.fullName && @.shortName && @.id]", "key": "player:espn:{id}", "fields": { "name": "fullName", "born": "dateOfBirth" } },
          { "record": "player", "each": "$..[?!@.fullName && @.displayName && @.shortName && @.headshot]", "key": "player:espn:{id}", "fields": { "name": "displayName" } }
        ]
        """;

    private static readonly RecordSchema Schema = new(
        [TestBatch.Type("player", 0, [], TestBatch.Field("name", FieldType.String), TestBatch.Field("born", FieldType.Time))],
        [new SourceInfo("mlb", 0, 1, 1), new SourceInfo("espn", 1, 2, 1)]);

    private static readonly IdentifyTableOptions Layout = new()
    {
        Kind = "player",
        Ids = new Dictionary<string, string> { ["mlb"] = "key_mlbam", ["retro"] = "key_retro", ["bbref"] = "key_bbref", ["fangraphs"] = "key_fangraphs" },
        Name = ["name_first", "name_last", "name_suffix"],
        BirthDate = ["birth_year", "birth_month", "birth_day"],
    };

    /// <summary>
    /// Checked by hand with teams, positions, birth dates and years of play: ESPN's id and name, the man's MLB id (0: none of our sources has him),
    /// and what the engine can know. "not seen" stands for a man whom no MLB payload shows, and whose birth date ESPN does not tell.
    /// </summary>
    private static readonly (string Espn, string Name, int Mlb, string Known)[] Truth =
    [
        // The same name and birth date; of half of them no MLB payload tells.
        ("30442", "Aroldis Chapman", 547973, "sure"), ("4720856", "Brayan Bello", 678394, "sure"), ("5012120", "Carlos Narvaez", 665966, "sure"), ("4987382", "Ceddanne Rafaela", 678882, "sure"),
        ("40086", "Connor Wong", 657136, "sure"), ("42987", "David Hamilton", 666152, "sure"), ("4297835", "Garrett Crochet", 676979, "sure"), ("41485", "Greg Weissert", 669711, "sure"),
        ("41610", "Jarren Duran", 680776, "sure"), ("5201569", "Kristian Campbell", 692225, "sure"), ("32697", "Lucas Giolito", 608337, "sure"), ("5132025", "Luis Guerrero", 692285, "sure"),
        ("4872648", "Marcelo Mayer", 691785, "sure"), ("42845", "Nate Eaton", 681987, "sure"), ("33728", "Nick Burdi", 595897, "sure"), ("33859", "Rafael Devers", 646240, "sure"),
        ("33411", "Rob Refsnyder", 608701, "sure"), ("32150", "Trevor Story", 596115, "sure"), ("39251", "Walker Buehler", 621111, "sure"), ("4990055", "Wilyer Abreu", 677800, "sure"),

        // Accents on one side only.
        ("37729", "Andres Gimenez", 665926, "probable"), ("34861", "Carlos Estevez", 608032, "probable"), ("33594", "Elias Diaz", 553869, "probable"), ("31358", "Enrique Hernandez", 571771, "probable"),
        ("32367", "Eugenio Suarez", 553993, "probable"), ("42401", "Jasson Dominguez", 691176, "probable"), ("39667", "Jesus Luzardo", 666200, "probable"), ("32811", "Jose Berrios", 621244, "probable"),
        ("35383", "Luis Urias", 649966, "probable"), ("35142", "Ramon Laureano", 657656, "probable"), ("4722847", "Randy Vasquez", 681190, "probable"), ("33377", "Teoscar Hernandez", 606192, "probable"),

        // Initials: the register writes "J. T.", both providers "J.T." and "CJ".
        ("32177", "J.T. Realmuto", 592663, "probable"), ("42402", "CJ Abrams", 682928, "probable"),

        // Sons: a suffix may be missing on one side, and the father may stand in the register.
        ("35002", "Vladimir Guerrero Jr.", 665489, "probable"), ("41433", "Jazz Chisholm Jr.", 665862, "probable"), ("35983", "Fernando Tatis Jr.", 665487, "ambiguous name"),
        ("40459", "Luis Garcia Jr.", 671277, "ambiguous name"), ("42403", "Bobby Witt Jr.", 677951, "ambiguous name"),

        // Names that several have.
        ("33303", "Max Muncy", 571970, "ambiguous name"), ("4872686", "Max Muncy", 691777, "ambiguous name"), ("32801", "Jose Ramirez", 608070, "ambiguous name"), ("32517", "Josh Bell", 605137, "ambiguous name"),
        ("42884", "Josh Smith", 669701, "ambiguous name"), ("4683350", "Logan Allen", 671106, "ambiguous name"), ("35124", "Luis Castillo", 622491, "ambiguous name"),
        ("5101355", "Luis Ortiz", 682847, "ambiguous name"), ("4109223", "Michael Massey", 686681, "ambiguous name"), ("38628", "Ryan Thompson", 657044, "ambiguous name"),
        ("30627", "Wilmer Flores", 527038, "ambiguous name"), ("4719300", "Jacob Wilson", 805779, "ambiguous name"),

        // The only one of the name in the register is another man, who played from 2000 to 2006.
        ("4722941", "Luis Matos", 0, "not seen in our source"),

        // In no table; both providers have them.
        ("40754", "Abraham Toro", 647351, "probable"), ("31026", "Justin Wilson", 458677, "probable"), ("28701", "Andrew McCutchen", 457705, "probable"), ("30836", "Mike Trout", 545361, "probable"),
        ("41292", "Cal Raleigh", 663728, "probable"), ("42404", "Corbin Carroll", 682998, "probable"), ("31662", "Jose Altuve", 514888, "probable"), ("32760", "Josh Hader", 623352, "probable"),

        // In all three.
        ("33192", "Aaron Judge", 592450, "probable"), ("28963", "Clayton Kershaw", 477132, "probable"), ("29155", "Charlie Morton", 450203, "probable"), ("35026", "Enyel De Los Santos", 660853, "probable"),

        // Only one provider has them.
        ("32525", "Jorge Polanco", 593871, "not seen in our source"), ("32655", "Byron Buxton", 621439, "not seen in our source"), ("39712", "Oneil Cruz", 665833, "not seen in our source"),
        ("32129", "Francisco Lindor", 0, "unknown id"), ("4917694", "Elly De La Cruz", 0, "unknown id"), ("35876", "Brennan Bernardino", 0, "unknown id"), ("39674", "Garrett Whitlock", 0, "unknown id"),
        ("4345070", "Alec Burleson", 0, "unknown id"), ("40939", "Andres Munoz", 0, "unknown id"), ("32159", "Brandon Nimmo", 0, "unknown id"),
    ];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void What_is_known_of_them_is_the_truth_in_whatever_order_they_come(bool oursFirst)
    {
        var step = Run("probable", oursFirst);

        foreach (var (espn, name, mlb, known) in Truth)
        {
            var standing = step.StandingOf(Key("espn", espn));
            Assert.True(standing is not null, $"{name} did not come");
            var said = standing.Value.Key is null ? Doubts.Reason(standing.Value.Doubt) : standing.Value.Confidence.ToString().ToLowerInvariant();
            Assert.True(said == known, $"{name}: {said}, expected {known}");
            Assert.True(standing.Value.Key is null || standing.Value.Key.AsSpan().SequenceEqual(Key("mlb", $"{mlb}")), $"{name} was taken for {Encoding.UTF8.GetString(standing.Value.Key ?? [])}");
        }

        Assert.True(Truth.Select(t => t.Espn).Distinct().Count() >= 60);
        Assert.Equal(
            "0 ids of others are known by tables, 20 sure, 198 probable, 78 unknown, 15 ambiguous, 0 conflicting, 282 not seen",
            Describe(step.Report()));
    }

    [Fact]
    public void Nobody_is_taken_for_a_man_whose_career_was_over()
    {
        var step = Run("probable", oursFirst: true);
        var lastYears = File.ReadLines(Recorded(Register)).Skip(1).Select(line => line.Split(',')).ToDictionary(row => row[1], row => row[12]);
        var merged = 0;
        foreach (var key in Seen.Where(k => k.StartsWith("player:espn:", StringComparison.Ordinal)))
        {
            if (step.StandingOf(Encoding.UTF8.GetBytes(key)) is { Key: { } ours })
            {
                merged++;
                if (lastYears.TryGetValue(Encoding.UTF8.GetString(ours).Split(':')[2], out var last))
                {
                    // ESPN's payloads are of 2025.
                    Assert.True(string.CompareOrdinal(last, "2024") >= 0, $"{key} was taken for {Encoding.UTF8.GetString(ours)}, who played until {last}");
                }
            }
        }

        Assert.Equal(218, merged);
    }

    [Fact]
    public void Without_guessing_a_name_alone_makes_nobody_the_same()
    {
        var step = Run("sure", oursFirst: true);
        Assert.Equal((20, 0), (step.Report().Sure, step.Report().Probable));
        Assert.Equal(198, step.Report().Unresolved.Of(Doubt.Unsure));
    }

    private HashSet<string> Seen { get; } = [];

    private static byte[] Key(string space, string id) => Encoding.UTF8.GetBytes($"player:{space}:{id}");

    private static string Describe(IdentityReport report) =>
        $"{report.Certain} ids of others are known by tables, {report.Sure} sure, {report.Probable} probable, {report.Unresolved.Of(Doubt.Unknown)} unknown, {report.Unresolved.Of(Doubt.Ambiguous)} ambiguous, "
        + $"{report.Unresolved.Of(Doubt.Conflicting)} conflicting, {report.Unresolved.Of(Doubt.Unseen)} not seen";

    private MatchStep Run(string accept, bool oursFirst)
    {
        var options = new IdentifyOptions
        {
            Accept = accept,
            Unknown = "park",
            Match = new Dictionary<string, IdentifyMatchOptions> { ["player"] = new() { Name = "name", BirthDate = "born" } },
        };
        var step = new MatchStep(Schema, options, new FixedTables(FixedTables.Read(File.ReadAllText(Recorded(Register)), layout: Layout)));
        var payloads = Payloads("mlb-statsapi").Select(file => (file, Source: (short)0)).Concat(Payloads("espn-mlb").Select(file => (file, Source: (short)1))).ToList();
        if (!oursFirst)
        {
            payloads.Reverse();
        }

        NormalizeStep[] maps = [TestMapping.Step(Schema, MlbMap), TestMapping.Step(Schema, EspnMap)];
        foreach (var (file, source) in payloads)
        {
            var batch = new TestBatch(Schema);
            batch.Document(File.ReadAllText(file), source);
            maps[source].Run(batch.Batch, TestBatch.Start);
            foreach (var row in batch.Batch)
            {
                Assert.True(row.Head.Invalid.IsEmpty);
                Seen.Add(Encoding.UTF8.GetString(row.Key));
            }

            step.Run(batch.Batch, TestBatch.Start);
        }

        return step;
    }

    private static IEnumerable<string> Payloads(string provider) =>
        Directory.EnumerateFiles(Path.Combine(Path.GetDirectoryName(Recorded("INDEX.md"))!, provider), "*.json", SearchOption.AllDirectories).Order(StringComparer.Ordinal);

    private static string Recorded(string name)
    {
        var path = SharedFiles.Path("providers", name);
        if (path is null)
        {
            Assert.Skip($"The recorded payloads are not here: no shared/providers/{name} beside the repository; set STREAMENGINE_SHARED.");
        }

        return path;
    }
}
