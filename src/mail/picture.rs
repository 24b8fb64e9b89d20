//! Pictures for a mail: read, made small enough, and written anew, so that neither places nor cameras travel with them.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};

use crate::port::Picture;

/// Longest side of a picture in a mail: enough to read a photographed page.
const SIDE_MAX: u32 = 1_600;
/// Longest side of a picture that is read.
const READ_MAX: u32 = 16_384;
/// Memory for reading one: a small file may claim to be huge.
const MEMORY_MAX: u64 = 256 * 1024 * 1024;
/// Quality of JPEG: nobody sees the difference in a mail.
const QUALITY: u8 = 82;

/// The picture written anew; `None`: it can't be read.
pub(super) fn written_anew(bytes: &[u8]) -> Option<Picture> {
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format().ok()?;
    let mut limits = Limits::default();
    limits.max_image_width = Some(READ_MAX);
    limits.max_image_height = Some(READ_MAX);
    limits.max_alloc = Some(MEMORY_MAX);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    // How the camera was held stands beside the picture, which is about to be thrown away.
    let orientation = decoder.orientation().ok();
    let mut picture = DynamicImage::from_decoder(decoder).ok()?;
    if let Some(orientation) = orientation {
        picture.apply_orientation(orientation);
    }
    if picture.width() > SIDE_MAX || picture.height() > SIDE_MAX {
        picture = picture.resize(SIDE_MAX, SIDE_MAX, FilterType::Triangle);
    }
    let mut out = Cursor::new(Vec::new());
    let mime = if picture.color().has_alpha() {
        DynamicImage::ImageRgba8(picture.to_rgba8()).write_to(&mut out, ImageFormat::Png).ok()?;
        "image/png"
    } else {
        let encoder = JpegEncoder::new_with_quality(&mut out, QUALITY);
        DynamicImage::ImageRgb8(picture.to_rgb8()).write_with_encoder(encoder).ok()?;
        "image/jpeg"
    };
    Some(Picture { bytes: out.into_inner().into(), mime })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn jpeg(width: u32, height: u32) -> Vec<u8> {
        let mut out = Cursor::new(Vec::new());
        let picture =
            DynamicImage::ImageRgb8(image::RgbImage::from_pixel(width, height, image::Rgb([9, 99, 199])));
        picture.write_to(&mut out, ImageFormat::Jpeg).unwrap();
        out.into_inner()
    }

    /// A JPEG with an EXIF part that says where it was taken, and that it lies on its side (orientation 6).
    fn with_exif(jpeg: &[u8]) -> Vec<u8> {
        let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
        exif.extend_from_slice(b"SECRET PLACE 48.8584N 2.2945E");
        let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
        let mut out = jpeg[..2].to_vec();
        out.extend_from_slice(&[0xFF, 0xE1]);
        out.extend_from_slice(&length);
        out.extend_from_slice(&exif);
        out.extend_from_slice(&jpeg[2..]);
        out
    }

    #[test]
    fn what_cameras_write_beside_a_picture_is_gone_and_it_stands_upright() {
        let original = with_exif(&jpeg(40, 20));
        assert!(original.windows(6).any(|window| window == b"SECRET"));
        let made = written_anew(&original).unwrap();
        assert!(!made.bytes.windows(6).any(|window| window == b"SECRET"));
        assert!(!made.bytes.windows(4).any(|window| window == b"Exif"));
        let read = image::load_from_memory(&made.bytes).unwrap();
        assert_eq!((read.width(), read.height(), made.mime), (20, 40, "image/jpeg"));
    }

    #[test]
    fn large_ones_shrink_and_clear_ones_stay_clear() {
        let made = written_anew(&jpeg(3_200, 400)).unwrap();
        let read = image::load_from_memory(&made.bytes).unwrap();
        assert_eq!((read.width(), read.height()), (1_600, 200));
        let mut clear = Cursor::new(Vec::new());
        DynamicImage::new_rgba8(4, 4).write_to(&mut clear, ImageFormat::Png).unwrap();
        assert_eq!(written_anew(&clear.into_inner()).unwrap().mime, "image/png");
    }

    #[test]
    fn what_is_no_picture_or_claims_too_much_is_left_out() {
        assert!(written_anew(b"").is_none());
        assert!(written_anew(b"<svg onload=alert(1)>").is_none());
        let mut png = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(1, 1).write_to(&mut png, ImageFormat::Png).unwrap();
        let mut huge = png.into_inner();
        huge[16..24].copy_from_slice(&[0, 0, 0x7F, 0xFF, 0, 0, 0x7F, 0xFF]);
        assert!(written_anew(&huge).is_none());
    }
}
