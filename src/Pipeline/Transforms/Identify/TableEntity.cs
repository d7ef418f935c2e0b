namespace StreamEngine.Pipeline.Transforms.Identify;

/// <summary>What a table says about who one of our entities is.</summary>
/// <param name="Key">Our key.</param>
/// <param name="Name">Its name.</param>
/// <param name="BirthDate">Its birth date, see <see cref="BirthDates"/>.</param>
internal sealed record TableEntity(byte[] Key, NameKey Name, int BirthDate);
